# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_whippet_global_optspecs
    string join \n s/subject= a= attach= attach-as= attach-stdin= attach-type= H/draft= allow-draft-attach raw= E/edit i/include= body= body-file= charset= header= no-signature empty-body= missing-subject= html= markdown inline= embed calendar= to= c/cc= b/bcc= from= reply-to= reverse-path= A= flowed in-reply-to= references= sender= importance= auto-submitted= keywords= list-unsubscribe= read-receipt= profile= F/config= n/no-system set= smtp= sendmail sandbox output= dry-run queue no-queue e= x fcc= no-fcc max-size= idempotency-key= resend expect-bytes= expect-sha256= dsn-notify= dsn-return= envid= require-tls deliver-by= hold-for= hold-until= priority= json verbose quiet no-warn= d= D Q= h/help v/version
end

function __fish_whippet_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_whippet_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_whippet_using_subcommand
    set -l cmd (__fish_whippet_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c whippet -n "__fish_whippet_needs_command" -s s -l subject -d 'Subject, one line' -r
complete -c whippet -n "__fish_whippet_needs_command" -s a -d 'Attach files, up to the next option or --' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l attach -d 'Attach one file' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l attach-as -d 'Attach a file under another name' -r
complete -c whippet -n "__fish_whippet_needs_command" -l attach-stdin -d 'Attach standard input under this name' -r
complete -c whippet -n "__fish_whippet_needs_command" -l attach-type -d 'Media type of the next attachment' -r
complete -c whippet -n "__fish_whippet_needs_command" -s H -l draft -d 'Send a file that begins with its header' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l raw -d 'Send a finished message' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -s i -l include -d 'Begin the text with a file' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l body -d 'Text, instead of standard input' -r
complete -c whippet -n "__fish_whippet_needs_command" -l body-file -l text -d 'File with the text' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l charset -d 'Charset of the text, if it is not UTF-8' -r
complete -c whippet -n "__fish_whippet_needs_command" -l header -d 'Add a field' -r
complete -c whippet -n "__fish_whippet_needs_command" -l empty-body -d 'If the text is empty: send, skip or fail' -r -f -a "send\t'It is sent'
skip\t'It is not sent, and that is no error'
fail\t'It is an error'"
complete -c whippet -n "__fish_whippet_needs_command" -l missing-subject -d 'If there is no Subject: send or fail' -r -f -a "send\t'It is sent'
fail\t'It is an error'"
complete -c whippet -n "__fish_whippet_needs_command" -l html -d 'File with the text in HTML' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l inline -d 'Picture in the HTML text' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l calendar -d 'Invitation, or an answer to one' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l to -d 'One more recipient' -r
complete -c whippet -n "__fish_whippet_needs_command" -s c -l cc -d 'Recipient of a copy' -r
complete -c whippet -n "__fish_whippet_needs_command" -s b -l bcc -d 'Recipient whom the others do not see' -r
complete -c whippet -n "__fish_whippet_needs_command" -l from -d 'Author, instead of the profile\'s' -r
complete -c whippet -n "__fish_whippet_needs_command" -l reply-to -d 'Where answers go' -r
complete -c whippet -n "__fish_whippet_needs_command" -l reverse-path -d 'Where reports of failure go' -r
complete -c whippet -n "__fish_whippet_needs_command" -s A -d 'Print what an alias stands for' -r
complete -c whippet -n "__fish_whippet_needs_command" -l in-reply-to -d 'Identifier of the mail that is answered' -r
complete -c whippet -n "__fish_whippet_needs_command" -l references -d 'Identifiers of the thread, the oldest first' -r
complete -c whippet -n "__fish_whippet_needs_command" -l sender -d 'Who hands the mail in, if not its author' -r
complete -c whippet -n "__fish_whippet_needs_command" -l importance -d 'How important it is: high, normal or low' -r -f -a "high\t''
normal\t''
low\t''"
complete -c whippet -n "__fish_whippet_needs_command" -l auto-submitted -d 'Origin: auto-generated, auto-replied or no' -r -f -a "auto-generated\t''
auto-replied\t''
no\t''"
complete -c whippet -n "__fish_whippet_needs_command" -l keywords -d 'Words by which it is found again' -r
complete -c whippet -n "__fish_whippet_needs_command" -l list-unsubscribe -d 'Where the reader unsubscribes' -r
complete -c whippet -n "__fish_whippet_needs_command" -l read-receipt -d 'Ask the reader\'s program for a receipt' -r
complete -c whippet -n "__fish_whippet_needs_command" -l profile -d 'Profile to use' -r
complete -c whippet -n "__fish_whippet_needs_command" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_needs_command" -l smtp -d 'Server, instead of the profile\'s' -r
complete -c whippet -n "__fish_whippet_needs_command" -l output -d 'Write the mail down instead of sending it' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -s e -d 'Commands of a muttrc' -r
complete -c whippet -n "__fish_whippet_needs_command" -l fcc -d 'Keep a copy in a Maildir or an mbox' -r -F
complete -c whippet -n "__fish_whippet_needs_command" -l max-size -d 'Refuse a larger mail' -r
complete -c whippet -n "__fish_whippet_needs_command" -l idempotency-key -d 'Send a mail that is known by this word once' -r
complete -c whippet -n "__fish_whippet_needs_command" -l expect-bytes -d 'Refuse standard input of another length' -r
complete -c whippet -n "__fish_whippet_needs_command" -l expect-sha256 -d 'Refuse standard input of another SHA-256' -r
complete -c whippet -n "__fish_whippet_needs_command" -l dsn-notify -d 'Reports: success, failure, delay or never' -r
complete -c whippet -n "__fish_whippet_needs_command" -l dsn-return -d 'Mail in a report of failure: full or headers' -r
complete -c whippet -n "__fish_whippet_needs_command" -l envid -d 'Identifier that reports carry' -r
complete -c whippet -n "__fish_whippet_needs_command" -l deliver-by -d 'Time limit for the delivery' -r
complete -c whippet -n "__fish_whippet_needs_command" -l hold-for -d 'Have the server keep the mail for this time' -r
complete -c whippet -n "__fish_whippet_needs_command" -l hold-until -d 'Have the server keep the mail until this date' -r
complete -c whippet -n "__fish_whippet_needs_command" -l priority -d 'How urgent it is, -9 to 9' -r
complete -c whippet -n "__fish_whippet_needs_command" -l no-warn -d 'Leave out a warning' -r
complete -c whippet -n "__fish_whippet_needs_command" -s d -d 'As --verbose; LEVEL is 0 (nothing) to 5' -r
complete -c whippet -n "__fish_whippet_needs_command" -s Q -d 'Print one setting and where it comes from' -r
complete -c whippet -n "__fish_whippet_needs_command" -l allow-draft-attach -d 'Attach the files that the draft names'
complete -c whippet -n "__fish_whippet_needs_command" -s E -l edit -d 'Edit a copy of the file of -H or -i first'
complete -c whippet -n "__fish_whippet_needs_command" -l no-signature -d 'Leave the signature of the profile out'
complete -c whippet -n "__fish_whippet_needs_command" -l markdown -d 'The text is Markdown'
complete -c whippet -n "__fish_whippet_needs_command" -l embed -d 'Send the pictures along that the HTML text shows'
complete -c whippet -n "__fish_whippet_needs_command" -l flowed -d 'Wrap long lines so that readers join them again'
complete -c whippet -n "__fish_whippet_needs_command" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_needs_command" -l sendmail -d 'Hand over to the local sendmail program'
complete -c whippet -n "__fish_whippet_needs_command" -l sandbox -d 'Hand over to a server made for this run'
complete -c whippet -n "__fish_whippet_needs_command" -l dry-run -d 'Check everything, print the mail, send nothing'
complete -c whippet -n "__fish_whippet_needs_command" -l queue -d 'Queue it for whom the server does not take now'
complete -c whippet -n "__fish_whippet_needs_command" -l no-queue -d 'Do not queue, whatever the profile says'
complete -c whippet -n "__fish_whippet_needs_command" -s x -d 'Accepted and ignored, as mutt\'s'
complete -c whippet -n "__fish_whippet_needs_command" -l no-fcc -d 'Keep no copy, whatever the profile says'
complete -c whippet -n "__fish_whippet_needs_command" -l resend -d 'Send it, also if it was sent before'
complete -c whippet -n "__fish_whippet_needs_command" -l require-tls -d 'Send only where TLS protects the whole way'
complete -c whippet -n "__fish_whippet_needs_command" -l json -d 'Report in JSON on standard output'
complete -c whippet -n "__fish_whippet_needs_command" -l verbose -d 'Show the session on standard error'
complete -c whippet -n "__fish_whippet_needs_command" -l quiet -d 'Say nothing but errors'
complete -c whippet -n "__fish_whippet_needs_command" -s D -d 'Print all settings and where each comes from'
complete -c whippet -n "__fish_whippet_needs_command" -s h -l help -d 'Print a summary (-h) or all of this (--help)'
complete -c whippet -n "__fish_whippet_needs_command" -s v -l version -d 'Print the version; -vv the features too'
complete -c whippet -n "__fish_whippet_needs_command" -a "config" -d 'Shows the settings'
complete -c whippet -n "__fish_whippet_needs_command" -a "generate" -d 'Prints what is made from the table of options'
complete -c whippet -n "__fish_whippet_needs_command" -a "queue" -d 'Shows mail that waits, and what becomes of it'
complete -c whippet -n "__fish_whippet_needs_command" -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c whippet -n "__fish_whippet_using_subcommand config; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Print all settings and where each comes from'
complete -c whippet -n "__fish_whippet_using_subcommand config; and __fish_seen_subcommand_from show" -l profile -d 'Profile to use' -r
complete -c whippet -n "__fish_whippet_using_subcommand config; and __fish_seen_subcommand_from show" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand config; and __fish_seen_subcommand_from show" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand config; and __fish_seen_subcommand_from show" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand config; and __fish_seen_subcommand_from show" -l json -d 'Print them in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand generate; and not __fish_seen_subcommand_from man completions config help compatibility links" -f -a "man" -d 'A manual page, in roff'
complete -c whippet -n "__fish_whippet_using_subcommand generate; and not __fish_seen_subcommand_from man completions config help compatibility links" -f -a "completions" -d 'A file that completes the options in a shell'
complete -c whippet -n "__fish_whippet_using_subcommand generate; and not __fish_seen_subcommand_from man completions config help compatibility links" -f -a "config" -d 'A configuration file to begin with'
complete -c whippet -n "__fish_whippet_using_subcommand generate; and not __fish_seen_subcommand_from man completions config help compatibility links" -f -a "help" -d 'The description of all options'
complete -c whippet -n "__fish_whippet_using_subcommand generate; and not __fish_seen_subcommand_from man completions config help compatibility links" -f -a "compatibility" -d 'What becomes of the options of mutt, sendmail, mail and msmtp, in Markdown'
complete -c whippet -n "__fish_whippet_using_subcommand generate; and not __fish_seen_subcommand_from man completions config help compatibility links" -f -a "links" -d 'Links by which whippet is called sendmail, mailq, newaliases, mail and mailx'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "list" -d 'List what waits, the oldest first'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "show" -d 'Show an entry: its recipients, and what happened'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "run" -d 'Try what is due'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "install" -d 'Have the queue run every 5 minutes, by systemd or the crontab'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "retry" -d 'Have entries tried now; dead letters get a new life'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "hold" -d 'Have entries wait until they are released'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "release" -d 'Let held entries go'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "remove" -d 'Remove entries; nobody is told'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "check" -d 'Check every file, and say what waits for a person'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and not __fish_seen_subcommand_from list show run install retry hold release remove check stats" -f -a "stats" -d 'Count entries, by place and by profile'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l hop -d 'Those that go by this profile' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l from -d 'Those whose sender holds this text; <> for none' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l to -d 'Those with a recipient that holds this text' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l older -d 'Those that are as old as this: 30m, 12h, 3d' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l all -d 'All entries'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l queued -d 'Only those that are to be tried'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l held -d 'Only those that are held'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l badmail -d 'Only dead letters'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l corrupt -d 'Only those that are not trusted'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from list" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from show" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from show" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from show" -l header -d 'Print the header of the message'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from show" -l message -d 'Print the message'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from show" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from show" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l hop -d 'Those that go by this profile' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l from -d 'Those whose sender holds this text; <> for none' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l to -d 'Those with a recipient that holds this text' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l older -d 'Those that are as old as this: 30m, 12h, 3d' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l now -d 'Try all, due or not, and hosts that were down'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l watch -d 'Go on, until a signal comes'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l after-send -d 'A send starts it behind its own mail, and nobody waits for it'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l all -d 'All entries'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from run" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -l remove -d 'Take away what was installed'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -l print -d 'Print what would be written, and write nothing'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -l systemd -d 'By a timer of the user\'s systemd'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -l cron -d 'By a line of the crontab'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from install" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l hop -d 'Those that go by this profile' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l from -d 'Those whose sender holds this text; <> for none' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l to -d 'Those with a recipient that holds this text' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l older -d 'Those that are as old as this: 30m, 12h, 3d' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l wait -d 'Wait so long for an entry that is in hand' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l all -d 'All entries'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l queued -d 'Only those that are to be tried'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l held -d 'Only those that are held'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l badmail -d 'Only dead letters'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l corrupt -d 'Only those that are not trusted'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l yes -d 'Do not ask before all are dealt with'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from retry" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l hop -d 'Those that go by this profile' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l from -d 'Those whose sender holds this text; <> for none' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l to -d 'Those with a recipient that holds this text' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l older -d 'Those that are as old as this: 30m, 12h, 3d' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l wait -d 'Wait so long for an entry that is in hand' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l all -d 'All entries'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l queued -d 'Only those that are to be tried'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l held -d 'Only those that are held'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l badmail -d 'Only dead letters'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l corrupt -d 'Only those that are not trusted'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l yes -d 'Do not ask before all are dealt with'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from hold" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l hop -d 'Those that go by this profile' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l from -d 'Those whose sender holds this text; <> for none' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l to -d 'Those with a recipient that holds this text' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l older -d 'Those that are as old as this: 30m, 12h, 3d' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l wait -d 'Wait so long for an entry that is in hand' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l all -d 'All entries'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l queued -d 'Only those that are to be tried'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l held -d 'Only those that are held'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l badmail -d 'Only dead letters'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l corrupt -d 'Only those that are not trusted'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l yes -d 'Do not ask before all are dealt with'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from release" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l hop -d 'Those that go by this profile' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l from -d 'Those whose sender holds this text; <> for none' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l to -d 'Those with a recipient that holds this text' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l older -d 'Those that are as old as this: 30m, 12h, 3d' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l wait -d 'Wait so long for an entry that is in hand' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l all -d 'All entries'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l queued -d 'Only those that are to be tried'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l held -d 'Only those that are held'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l badmail -d 'Only dead letters'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l corrupt -d 'Only those that are not trusted'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l yes -d 'Do not ask before all are dealt with'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from remove" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from check" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from check" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from check" -l quick -d 'Leave the messages unread'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from check" -l repair -d 'Finish what a crash has left, set damage aside'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from check" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from check" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from stats" -s F -l config -d 'Configuration file, instead of the user\'s' -r -F
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from stats" -l set -d 'Change one setting for this run' -r
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from stats" -l json -d 'Print it in JSON'
complete -c whippet -n "__fish_whippet_using_subcommand queue; and __fish_seen_subcommand_from stats" -s n -l no-system -d 'Leave out the system\'s configuration file'
complete -c whippet -n "__fish_whippet_using_subcommand help; and not __fish_seen_subcommand_from config generate queue help" -f -a "config" -d 'Shows the settings'
complete -c whippet -n "__fish_whippet_using_subcommand help; and not __fish_seen_subcommand_from config generate queue help" -f -a "generate" -d 'Prints what is made from the table of options'
complete -c whippet -n "__fish_whippet_using_subcommand help; and not __fish_seen_subcommand_from config generate queue help" -f -a "queue" -d 'Shows mail that waits, and what becomes of it'
complete -c whippet -n "__fish_whippet_using_subcommand help; and not __fish_seen_subcommand_from config generate queue help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Print all settings and where each comes from'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "man" -d 'A manual page, in roff'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "completions" -d 'A file that completes the options in a shell'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "config" -d 'A configuration file to begin with'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "help" -d 'The description of all options'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "compatibility" -d 'What becomes of the options of mutt, sendmail, mail and msmtp, in Markdown'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from generate" -f -a "links" -d 'Links by which whippet is called sendmail, mailq, newaliases, mail and mailx'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "list" -d 'List what waits, the oldest first'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "show" -d 'Show an entry: its recipients, and what happened'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "run" -d 'Try what is due'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "install" -d 'Have the queue run every 5 minutes, by systemd or the crontab'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "retry" -d 'Have entries tried now; dead letters get a new life'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "hold" -d 'Have entries wait until they are released'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "release" -d 'Let held entries go'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "remove" -d 'Remove entries; nobody is told'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "check" -d 'Check every file, and say what waits for a person'
complete -c whippet -n "__fish_whippet_using_subcommand help; and __fish_seen_subcommand_from queue" -f -a "stats" -d 'Count entries, by place and by profile'
