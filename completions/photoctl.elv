set edit:completion:arg-completer[photoctl] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) PHOTOCTL_COMPLETE="elvish" photoctl -- $@words) | to-lines
}
