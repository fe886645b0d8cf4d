"""What may stand beside a plain answer in English, in the manner of `company.py`."""

CALM = (
    (
        "no need (?:for|to (?:call|send|ask|find|get)) (?:anyone|anybody|someone|others|another|an? ambulance|"
        "help)(?: else)?"
    ),
    ("dont (?:call|send|bother) (?:anyone|anybody|others|someone)(?: else)?|no (?:ambulance|one else|help) needed"),
)
WAY = (
    (
        "traffic(?: is|s)? (?:so |very |really )?(?:bad|heavy|terrible|slow|jammed)|heavy traffic|stuck in "
        "traffic|bit of traffic"
    ),
    (
        "(?:im |i am |i will be |ill be |might be |may be )?(?:running |just |only )?(?:a bit |a little |"
        "slightly )?(?:late|slow)"
    ),
    "(?:i )?was (?:in the shower|asleep|driving|cooking|on the phone)|rain(?:ing)? here",
    "(?:its )?(?:raining|snowing|rush hour)(?: here| hard)?",
)
TOLD = (
    (
        "(?:please )?(?:tell|let) (?:her|him|them|(?:mrs|mr|ms|miss) [a-z]+)(?: know)?(?: that)?(?: to (?:wait|"
        "stay calm|hold on))?"
    ),
)
READY = (
    "(?:ive |i have |i |have )?just (?:now )?(?:finished|done)(?: here| work| lunch| dinner| up| eating)*",
    ("(?:ive |i have )?(?:just )?(?:getting|got) (?:my )?(?:coat|shoes|bag|keys|bike|ready|dressed)(?: on)?(?: now)?"),
)
AT_WORK = (
    (
        "(?:i am |im |a bit |very |quite |really |though |although |even though )*(?:busy|tired|off duty|off "
        "today|on break|far|not close)(?: today| now)?"
    ),
    "(?!i |we )[a-z]+ (?:cant|cannot|can not|couldnt|isnt able to|wont)(?: go| come| make it| do it| attend)?",
)
SEND = (
    (
        "(?!i |we )[a-z]+ (?:can|could|will|might|is|s) (?:go|come|help|do it|take it|closer|nearer|free|"
        "available|nearby|near)(?: instead| by)?"
    ),
    "(?!i |we )[a-z]+ can|(?:please |pls )?(?:send|ask|try|get|call) [a-z]+(?: instead| please)?",
    "(?:my )?(?:car|bike|van)(?: has| is|s)? (?:broke|broken|broken down|broke down|wont start|in the garage)",
)
TAKEN_BACK = (
    (
        "(?:i )?(?:would|d) (?:really )?(?:love|like) to(?: go| help| come)?|(?:i )?(?:really )?(?:want|wanted) "
        "to(?: go| help| come)?|i would(?: go| come)?|(?:i )?wish i could(?: go| help| come)?|(?:id|i would) "
        "(?:go|come|help)"
    ),
    "(?:i )?(?:accepted|pressed|said yes|pressed 1|replied)(?: it| yes)? by (?:mistake|accident)",
)
THERE = (
    (
        "(?:she|he|the lady|the man|the resident|mrs [a-z]+|mr [a-z]+) ?(?:is|was|s) (?:on the (?:floor|ground|"
        "bed|sofa|chair)|in (?:bed|the bathroom|the kitchen)|sitting|awake|conscious|talking|up|alert)(?: up| "
        "down| now)?"
    ),
    "(?:now |just )?(?:helping|assisting|checking)(?: now)?",
    (
        "(?:now |just )?(?:helping|checking on|looking after|talking to|assisting|assessing|examining|calming) "
        "(?:her|him|them|the resident)(?: up| down| now)?"
    ),
    (
        "(?:the )?door (?:was|is) (?:open|unlocked)|waiting for (?:the |an )?(?:ambulance|family|paramedics|"
        "doctor|her family|his family)"
    ),
    "(?:the |an )?ambulance (?:is )?(?:on (?:the|its) way|coming|called|here)|at [0-9]{1,2}点[0-9]{2}",
)
OVER = (
    (
        "(?:she|he) ?(?:is|was|s) (?:up|ok|fine|resting|asleep|sitting|in bed|with (?:her|his) (?:son|daughter|"
        "family))(?: now| again)?"
    ),
)
OUTSIDE = (
    (
        "(?:i am |im )?(?:outside|at (?:the |her |his )?(?:front )?door)(?: now)?|(?:nobody|no one)(?: is|s)? "
        "(?:at )?home"
    ),
    (
        "(?:i )?need (?:the |a |an )?(?:door |entry |gate )?(?:code|key|keys|locksmith)(?: please)?|what "
        "(?:should|shall|do|can) i do(?: now)?"
    ),
    (
        "(?:please |pls )?(?:call|contact|phone|ring) (?:the |her |his )?(?:family|son|daughter|neighbour|"
        "neighbor|relatives)(?: please)?"
    ),
    (
        "(?:i )?(?:can|could) (?:hear|see) (?:her|him|someone|the tv)(?: inside| in there| calling)?|(?:the "
        ")?(?:light|lights|tv) (?:is|are) on"
    ),
    "(?:she|he)(?: is|s)? (?:inside|not answering(?: (?:the|her|his) phone)?)|no answer(?: on the phone)?",
)
