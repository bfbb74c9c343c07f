# Prints what zsh offers for the line that is its argument.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PROMPT= ; TERM=dumb; autoload -Uz compinit; compinit -u -D; zstyle ":completion:*" list-prompt ""; bindkey "^I" complete-word; setopt list_ambiguous auto_list; LISTMAX=1000; print READY'
zpty -r shell seen '*READY*READY*'
zpty -w -n shell "$1"$'\t\t'
sleep 4
while zpty -rt shell line; do print -r -- "$line"; done
zpty -d shell
