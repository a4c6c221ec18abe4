#compdef photoctl
# Completions of photoctl for zsh.
_photoctl() {
    local -a found going ended
    local one
    found=("${(@f)$(PHOTOCTL_COMPLETE=zsh _CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((CURRENT - 1)) \
        photoctl -- "${(@Q)words[1,CURRENT]}" 2>/dev/null)}")
    for one in $found; do
        # A folder goes on.
        if [[ "${one%%:*}" == */ ]]; then
            going+=("${${one%%:*}%/}")
        else
            ended+=("$one")
        fi
    done
    [[ -n $going ]] && _describe -V 'values' going -S / -r /
    [[ -n $ended ]] && _describe -V 'values' ended -M 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}'
}
# Found by its name, this file is the function's first call; sourced, it makes the function known.
if [ "$funcstack[1]" = _photoctl ]; then
    _photoctl "$@"
else
    compdef _photoctl photoctl
fi
