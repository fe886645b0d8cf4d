"""What people say in English when they are there, cannot get in or are done, in the manner of `english.py`."""

from dispatch.rules.phrases.english_going import AT_HOME, HER, I_AM, NOW

SHE = (
    "(?:she|he|they|everyone|(?:the )?(?:resident|old lady|old man|lady|gentleman|client|patient)|lola|lolo|grandma|"
    "grandpa|(?:mrs|mr|ms|miss) [a-z]+)"
)
_ALREADY = "(?:already |just |now |safely )*"
_SITE = "(?:the )?(?:location|address|place|scene|site)"
_AGAIN = "(?: now| already| safely| with her| with him)*"

ARRIVED = (
    (
        f"(?:i |we |ive |weve )?(?:have |ve )?{_ALREADY}(?:arrived|got here|got there|made it)(?: here| there)?{_AGAIN}"
        f"(?: (?:at|in|to) (?:{AT_HOME}|{_SITE}|[a-z]+s (?:house|flat|home)))?{NOW}"
    ),
    (
        f"(?:i |we |ive |weve )?(?:have )?{_ALREADY}reached(?: {AT_HOME}| {_SITE}| her home| his home| here|"
        f" there)?{_AGAIN}"
    ),
    f"(?:i |ive |i have )?{_ALREADY}(?:got|gotten) in(?:side)?",
    "(?:i |ive |i have )?(?:arrived|got here|got there) [0-9]{1,2} ?(?:min|mins|minutes) ago",
    f"(?:{I_AM} )?{_ALREADY}(?:here|on ?site|on scene|at {_SITE}|inside|indoors)(?: with {HER})?{_AGAIN}{NOW}",
    f"{I_AM} {_ALREADY}there{_AGAIN}{NOW}",
    f"(?:{I_AM} )?{_ALREADY}(?:at|in|inside) (?!(?:the|her|his|their) door)(?:{AT_HOME}|house){_AGAIN}{NOW}",
    f"{I_AM} in",
    f"(?:{I_AM} )?{_ALREADY}(?:here )?(?:with|beside|next to|sitting with) {HER}{_AGAIN}{NOW}",
    f"(?:i )?(?:have )?(?:found|seen|met) {HER}(?: now)?",
    f"{I_AM} at the residents home",
)

_CANNOT = "(?:cannot|cant|can not|could not|couldnt|(?:am |im )?(?:not able|unable) to)"
_DOORS = "(?:the |her |his )?(?:front |main |back )?(?:gate|door|house|flat|building)s?"
_KEY = (
    "(?:the |my |this )?(?:door |entry |gate )?(?:keys?|code|pin|keycode|fob|key ?card|card|(?:key|"
    "lock) ?(?:box|safe))(?: code)?"
)
NO_ENTRY = (
    (
        f"(?:but |and |still |we |i )*{_CANNOT} (?:(?:get|go|come)(?: in| into| inside| through)+|enter|access|"
        "open it|open|unlock|"
        f"(?:gain|get) (?:access|entry))(?: {AT_HOME}| (?:the|this) (?:building|gate|door|lock|main door|"
        "front door)| door)?"
    ),
    "no (?:entry|access|way in)(?: to (?:the )?(?:building|house|flat|property))?",
    (
        "(?:the )?(?:security|guard|security guard|porter|concierge|doorman|neighbour|she|he) (?:wont|"
        "will not|does not|doesnt|"
        "did not|didnt|refuses to) let me (?:in|up|through|inside)"
    ),
    "locked(?: out| door)?",
    (
        "(?:i |i have |ive )?(?:knocked|rang|knocking|ringing)(?: the bell| at the door)?,? ?(?:and |but "
        ")?(?:theres )?no (?:answer|reply|response)"
    ),
    (
        "no (?:answer|reply|response) (?:when i knock|to (?:my )?knocking|after knocking|to the bell|at "
        "(?:the )?(?:door|gate))"
    ),
    "(?:theres |there is )?no keys? in (?:the )?(?:key ?(?:safe|box)|box|safe)",
    f"{I_AM} (?:locked|shut|stuck) out(?:side)?",
    f"{_DOORS} (?:is |are )?(?:all )?(?:locked|closed|bolted|shut|chained|stuck|jammed)(?: from (?:the )?inside)?",
    f"{_DOORS}s (?:locked|closed|bolted|shut|stuck)",
    "(?:(?:the |it )?(?:door|gate|lock) )?(?:wont|will not|does not|doesnt) open",
    (
        "(?:but )?(?:nobodys|no ?ones|nobody|no one|noone|no body) (?:is )?(?:opens|answers|opened|answered|opening|"
        "answering|open|answer)"
        "(?: up)?(?: the| at the| her| his)?(?: door| gate| intercom)?"
    ),
    (
        f"(?:but )?(?:{SHE} ?(?:is |s )?)?(?:not|isnt|wont|does not|doesnt|didnt) (?:answer|answering|open|"
        "opening)(?: the| her| his)? door"
    ),
    (
        f"(?:(?:{I_AM} )?at the door ?,? ?)?(?:but )?(?:theres |there is )?no (?:answer|reply|response)"
        "(?: (?:at|from) (?:the|her|his)(?: front)?)? (?:door|doorbell|bell|buzzer|intercom)"
    ),
    f"(?:{I_AM} )?at the door ?,? ?no answer",
    "(?:but |and )?(?:i |there is |theres )?(?:have |ve )?(?:got )?no (?:key|keys|fob)",
    "(?:i )?(?:do not|dont|didnt) have (?:a |the |any )?(?:keys?|door code|fob)",
    (
        f"{_KEY} (?:is |are )?(?:not |isnt |does not |doesnt |do not |dont |wont |will not |didnt )(?:work|"
        "working|fit|turn|open)(?: the door)?"
    ),
    f"{_KEY} (?:is |are )?(?:wrong|incorrect|missing|lost|stuck|broken|empty|locked|jammed)",
    "(?:wrong|bad|incorrect) (?:door |gate |key ?safe )?(?:code|pin|key)",
)

_ENDED = (
    "(?:done|handled|finished|finish|completed|complete|sorted|resolved|solved|dealt with|taken care of|wrapped up)"
)
_IT_IS = (
    "(?:(?:it|that|this|all|job|case|everything|alarm)(?: is|s| has been)?|its|thats|its all|thats all|"
    "its been|everythings|"
    "i|we|were|ive|weve|i have|we have|im|i am|we are|all is|is)"
)
_OFF = (
    "(?:i am |im |have |i have |ive )?(?:leaving|left|heading|headed|going|gone)"
    "(?: (?:now|home|back|off|the (?:property|house|flat)|to (?:the )?(?:station|office|base)))*"
)
DONE = (
    (
        f"(?:{_IT_IS} )?(?:now |already |all )*{_ENDED}(?: (?:here|now|already|everything|it|"
        "(?:with )?the (?:job|visit|call|task)))*"
        f"(?:[ ,]+(?:and |so )?{_OFF})?"
    ),
    f"(?:visit|call|task|job|service|work) (?:is |has been |now )*(?:{_ENDED}|over)",
    "(?:case closed|done and dusted)",
    "(?:you can |please |pls |can )?close (?:it|this|the case|the alarm|the job|the call)",
    "please close",
    "(?:the |her |his )?(?:family|son|daughter|paramedics|ambulance crew) (?:has |have )?(?:taken|took) over",
    "closed",
    (
        "(?:i )?left (?:her|him|them) with (?:her|his|their|the) (?:son|daughter|family|husband|wife|"
        "neighbour|nurse|carer)"
    ),
    (
        "(?:i |have |ive )*(?:handed|passed)(?: her| him| it| them)? over to (?:the |her |his |their )?"
        "(?:family|son|daughter|relatives|paramedics|ambulance crew|crew|doctor|nurse|husband|wife|neighbour)"
    ),
)
