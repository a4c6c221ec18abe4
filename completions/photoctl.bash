# Completions of photoctl for bash. The whole line goes to photoctl: bash itself takes an email apart at its @.
_photoctl() {
    local line reply
    COMPREPLY=()
    reply=$(PHOTOCTL_COMPLETE=bash PHOTOCTL_WORDBREAKS="$COMP_WORDBREAKS" PHOTOCTL_POINT="$COMP_POINT" \
        photoctl -- "$COMP_LINE" 2>/dev/null) || return 0
    [ -n "$reply" ] || return 0
    while IFS= read -r line; do COMPREPLY+=("$line"); done <<<"$reply"
    # A folder or an option that waits for its value goes on.
    if [ ${#COMPREPLY[@]} = 1 ] && [[ "${COMPREPLY[0]}" == *[=/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}
if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -o bashdefault -o nosort -F _photoctl photoctl
else
    complete -o bashdefault -F _photoctl photoctl
fi
