complete --keep-order --exclusive --command photoctl --arguments "(PHOTOCTL_COMPLETE=fish photoctl -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
