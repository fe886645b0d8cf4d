"""What people say in English, as patterns over small letters without apostrophes; a blank parts the words."""

from collections.abc import Mapping

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.meaning import Action, Aside, Meaning

_I_AM = "(?:i am|im|we are|were)"
_I_WILL = "(?:i will|ill|we will|i shall)"
_NOW = "(?: now| right now| right away| straight away| immediately| at once| asap)?"
_MINUTES = "(?:in )?(?:about )?[0-9]{1,3} ?(?:min|mins|minute|minutes)"
_HER = "(?:her|him|them|the resident|the old lady|the old man|the lady|the patient|the client|mrs [a-z]+|mr [a-z]+)"
_SHE = "(?:she|he|they|everyone|the resident|resident|the old lady|the old man|the client|client)"
_IS = "(?:is|are|s)"
_AT_HOME = "(?:the|her|his|their) (?:home|house|flat|door|apartment|place|room)"
_LATER = f"(?: soon|{_NOW[3:-2]}| {_MINUTES})?"

ACCEPT = (
    "(?:i am |im )?on it",
    "(?:eta )(?:in )?(?:about )?[0-9]{1,3} ?(?:min|mins|minute|minutes)",
    "give me [0-9]{1,3} (?:min|mins|minutes)",
    "(?:i )?accept the (?:task|job|alarm|call)",
    "yes",
    "yeah",
    "yep",
    "yup",
    "yes please",
    "sure",
    "sure thing",
    "of course",
    "certainly",
    "absolutely",
    "will do",
    "accept(?:ed)?(?: it| this)?",
    "i(?: will)? accept(?: it| this| the job)?",
    "yes accept",
    "(?:i|i will|ill|i can) take (?:it|this|this one|that)",
    "taking it",
    "i got this",
    f"(?:{_I_AM} )?coming(?: over| there)?{_NOW}",
    f"(?:{_I_AM} )?(?:already )?on (?:my|the|our) way(?: there)?{_NOW}",
    "omw",
    f"(?:{_I_AM} )?(?:heading|headed)(?: there| over| out)?{_NOW}",
    f"(?:{_I_AM} )?going(?: there| over)?{_NOW}",
    (
        f"(?:{_I_AM} )?(?:leaving now|leaving right away|setting off|en route|enroute|driving there|"
        f"walking over|walking there){_NOW}"
    ),
    "(?:i )?just left",
    f"(?:i )?(?:can|could) (?:go|come|do it|do this|attend|help|be there|make it|take it|accept)(?: there)?{_NOW}",
    "i can",
    "can do",
    "yes i can",
    "i could",
    (
        f"{_I_WILL} (?:go|come|do it|attend|help|be there|be right there|be right over|"
        f"be there soon|be there shortly|head over|make it)(?: there)?{_LATER}"
    ),
    f"{_I_WILL} be there {_MINUTES}",
    f"i go{_NOW}",
    "will go",
    "(?:will )?be (?:right there|there soon|there shortly|there asap|right over)",
    f"(?:will )?be there {_MINUTES}",
    f"there {_MINUTES}",
    "(?:ill |i will |will )?(?:be )?there in [0-9]{1,3}",
    f"(?:{_I_AM} )?(?:about )?{_MINUTES} away",
    f"(?:{_I_AM} )?arriving(?: soon| {_MINUTES})",
    f"(?:i )?(?:will|ill) arrive(?: soon| {_MINUTES})",
    "will arrive soon",
    "no (?:problem|worries)",
    "np",
    "happy to(?: help| go)?",
    f"(?:{_I_AM} )?(?:free|available){_NOW}",
    "i am ready",
    "glad to(?: help| go)?",
    "yes i will",
    "yes will do",
    "i will",
)
_CANT = (
    "(?:cannot|cant|can not|could not|couldnt|am not able to|im not able to|am unable to|"
    "im unable to|not able to|unable to)"
)
_TODAY = "(?: today| now| right now| at the moment| this time| tonight| at this time)?"
DECLINE = (
    "no",
    "nope",
    "nah",
    "no thanks",
    "no thank you",
    "not (?:me|now|today|possible|possible today)",
    "impossible",
    "pass",
    "i pass",
    "(?:i )?(?:must |have to |will |need to )?(?:decline|refuse|reject)(?:d)?(?: it| this)?",
    "declined",
    "rejected",
    "refused",
    (
        f"(?:i )?{_CANT}(?: (?:go|come|make it|attend|do it|do this|accept|accept it|take it|"
        f"take this|help|be there|come over|go there|leave|get there))?{_TODAY}"
    ),
    f"(?:i )?(?:cannot|cant|can not){_TODAY}",
    f"unable(?: to (?:come|go|attend|help|make it))?{_TODAY}",
    f"i am unable{_TODAY}",
    (
        f"(?:{_I_AM} )?(?:not available|unavailable|not free|not coming|not going|busy|too busy|"
        f"very busy|occupied){_TODAY}"
    ),
    f"(?:{_I_AM} )?not able{_TODAY}",
    f"(?:{_I_AM} )?busy with (?:another|a different|other) (?:resident|client|call|job|alarm)",
    "with another (?:resident|client)",
    "(?:i )?(?:will not|wont|do not want to|dont want to) (?:go|come|attend|make it|accept)",
    "(?:i )?(?:wont|will not) be (?:able to )?(?:there|come|go)",
    f"(?:i )?(?:do not |dont )?(?:have )?(?:no|any|have) time{_TODAY}",
    f"(?:i )?(?:dont|do not) have time{_TODAY}",
    f"(?:i have )?no (?:time|car){_TODAY}",
    (
        f"(?:{_I_AM} )?(?:too far(?: away)?|off(?: duty| today| work)|sick|ill today|on leave|"
        "out of town|abroad|on holiday|away today|not on duty|stuck in traffic|not on shift|"
        "off shift|far away|out of the city)(?: today| now)?"
    ),
    "my shift is over",
    "(?:unfortunately|im afraid|i am afraid),? (?:i )?(?:cannot|cant|can not|not)",
    "not this time",
    "no can do",
    "(?:please )?(?:ask|find|send|try) another (?:carer|person|one)",
    f"{_I_AM} with another (?:client|resident)",
    "(?:please )?(?:ask|find|send|get|try)(?: for)? (?:someone|somebody|another person) ?(?:else)?",
    "(?:someone|somebody) else please",
    "please (?:ask|find|send) (?:someone|somebody) else",
)
ARRIVED = (
    (
        "(?:i |we )?(?:have |ve |just |have just |already |"
        f"have already )*arrived(?: safely)?{_NOW}(?: (?:at|in) {_AT_HOME})?"
    ),
    "ive(?: just)? arrived",
    "arrived (?:here|there|safely)",
    f"(?:{_I_AM} )?(?:already )?here{_NOW}",
    f"(?:{_I_AM}) (?:already )?there{_NOW}",
    f"(?:{_I_AM} )?on (?:site|scene){_NOW}",
    f"(?:{_I_AM} )?at the scene{_NOW}",
    f"(?:{_I_AM} )?(?:now )?(?:at|in|inside) (?!{_AT_HOME.split(' (?:')[0]} door){_AT_HOME}{_NOW}",
    f"(?:{_I_AM} )?inside{_NOW}",
    f"{_I_AM} in",
    f"(?:{_I_AM} )?with {_HER}{_NOW}",
    f"(?:i |we |have )*reached(?: {_AT_HOME}| here| there)?",
    "(?:i )?(?:just )?(?:got|made it) (?:here|there)",
    "made it",
    f"(?:{_I_AM} )?at (?:the )?location",
    "(?:ive |i have |have )?reached (?:the location|her home|his home)",
    f"{_I_AM} at the residents home",
)
NO_ENTRY = (
    (
        f"(?:but )?(?:i )?(?:{_CANT}|cant) (?:get in|enter|get inside|open(?: the)? door|open it|"
        f"get into {_AT_HOME}|go in|come in|get through the door)"
    ),
    "no (?:entry|access|way in)",
    "(?:the )?door (?:is )?(?:locked|closed|bolted|shut)",
    "locked(?: out)?",
    f"{_I_AM} locked out",
    "(?:the )?door (?:wont|will not|does not|doesnt) open",
    (
        "(?:but )?(?:nobody|no one|noone|no body) (?:opens|answers|opened|answered|is opening|"
        "is answering)(?: the| at the)?(?: door)?"
    ),
    "no answer at the door",
    "(?:i am |im )?at the door ?,? ?no answer",
    "(?:but )?no answer at (?:the|her|his) door",
    "(?:but )?(?:i )?(?:have |ve )?(?:got )?no key",
    "(?:i )?(?:do not|dont) have (?:a |the )?key",
    "(?:the )?key (?:does not|doesnt|wont|will not) (?:work|fit|open)(?: the door)?",
    "(?:wrong|bad) (?:door )?code",
    "(?:the )?(?:door |entry )?code (?:is )?(?:wrong|incorrect|does not work|doesnt work|not working)",
    "(?:the )?key ?(?:box|safe) (?:is )?(?:empty|locked|stuck|broken)",
)
DONE = (
    (
        f"(?:all |its |it is |job |{_I_AM} |is )?(?:done|finished|completed|complete|sorted|"
        "resolved|solved)(?: here| now| everything)?"
    ),
    "(?:all |everything )(?:is )?(?:done|finished|completed|complete|sorted)",
    "i (?:have )?(?:finished|completed)(?: here| it| the job)?",
    "(?:task|job|service|visit|work) (?:is )?(?:done|completed|finished|complete)",
    "case closed",
    "(?:you can |please |can )?close (?:it|the case|the alarm)",
    "please close(?: it| the alarm)?",
    "you can close(?: it| the alarm)",
    "(?:i )?handed over to (?:the )?(?:family|son|daughter|relatives)",
)
HELPED = (
    (
        f"(?:{_SHE} ?{_IS}?|its|it is) (?:all |doing |perfectly |quite )?(?:fine|well|ok|okay|good|"
        "safe|alright|all right|unhurt|stable)(?: now)?"
    ),
    "(?:all )?fine(?: now)?",
    "(?:safe|unhurt)",
    "(?:all |everything )fine here",
    "everything is under control",
    "no problem here",
    "nothing wrong",
    "all good(?: now| here)?",
    "all (?:is )?(?:ok|okay|well|fine)(?: now)?",
    "everything (?:is )?(?:ok|okay|fine|good|alright|all right|well)(?: now)?",
    "no (?:injury|injuries|harm|harm done)",
    f"(?:{_SHE} ?{_IS} )?not (?:hurt|injured)",
    "(?:i )?helped(?: her| him| them)?(?: up| to bed| back to bed)?",
    f"(?:{_SHE} ?{_IS} )?back in bed",
    "nothing serious",
    "is fine",
)
FALSE_ALARM = (
    "(?:it |that )?(?:was |is |just )?(?:a )?false(?: alarm)?",
    "its a false alarm",
    "(?:it was |was )?(?:pressed )?(?:a |by )?(?:mistake|accident)",
    "pressed (?:by (?:mistake|accident)|accidentally)",
    f"{_SHE} pressed (?:it )?(?:by (?:mistake|accident)|accidentally)",
    "accidental(?: press)?",
    "it was an accident",
    "wrong (?:press|button)",
)
TEST = ("(?:it was |was |just |only |it was just )?(?:a |just a |only a )?test", "testing")
HOSPITAL = (
    (
        f"(?:was |been |have |has |already |{_SHE} (?:was |is |has been )?)?(?:taken|sent|brought|"
        f"transferred|went|gone)(?: {_HER})? to (?:the )?hospital"
    ),
    "(?:to )?hospital",
    "took (?:her|him|them) to (?:the )?hospital",
    f"{_SHE} (?:went|is going|was taken) to (?:the )?hospital",
    "(?:the )?ambulance took (?:her|him|them)(?: away)?",
    "in hospital",
    "taken by ambulance",
    "(?:the )?family took (?:her|him|them) to (?:the )?hospital",
)
POLICE_FIRE = ("police came", "fire brigade came")
NOBODY_HOME = (
    "(?:nobody|no one|noone)(?: is)?(?: at)? home",
    "not (?:at )?home",
    "(?:nobody|no one) is (?:in|at home)",
)
DIED = (f"(?:{_SHE} )?(?:has )?died",)
DUPLICATE = ("duplicate",)
OTHER = ("other",)

SAID: Mapping[Meaning, tuple[str, ...]] = {
    Action.ACCEPT: ACCEPT,
    Action.DECLINE: DECLINE,
    Action.ARRIVED: ARRIVED,
    Action.DONE: DONE,
    Action.NO_ENTRY: NO_ENTRY,
    Outcome.HELPED: HELPED,
    Outcome.FALSE_ALARM: FALSE_ALARM,
    Outcome.TEST: TEST,
    Outcome.HOSPITAL: HOSPITAL,
    Outcome.POLICE_FIRE: POLICE_FIRE,
    Outcome.NOBODY_HOME: NOBODY_HOME,
    Outcome.DIED: DIED,
    Outcome.DUPLICATE: DUPLICATE,
    Outcome.OTHER: OTHER,
    Aside.NOD: ("ok", "okay", "okey", "o k", "o,k", "roger(?: that)?", "copy(?: that)?", "alright", "understood"),
    Aside.ALL: ("all",),
    Aside.COURTESY: (
        "thanks?(?: you)?(?: very much)?",
        "(?:i am |im )?(?:so |very )?sorry",
        "please",
        "hello",
        "hi",
        "hey",
        "good (?:morning|evening|afternoon)",
        "but",
        "and",
        "ya",
        "sir",
        "madam",
        "apologies",
        "with apologies",
        "(?:i )?got it",
        "xie ?xie(?: ?ni)?",
        "dui ?bu ?qi",
        "bu ?hao ?yi ?si",
        "n[i]n? ?hao",
        "bao ?qian",
        "(?:qing )?fang ?xin",
    ),
    Aside.NEAR: (f"(?:{_I_AM} )?(?:nearby|close by|close|around the corner)", _MINUTES),
    Aside.EXCUSE: (
        f"{_I_AM} (?:at work|in a meeting|driving|at the doctor)",
        "my car (?:broke down|is broken)",
        f"{_I_AM} ill",
    ),
    Aside.TENDING: (f"(?:{_I_AM} )?(?:checking|looking after|helping|talking to|taking care of) {_HER}(?: now)?",),
    Aside.CRY: ("ambulance", "police", "fire", "fire brigade", "help"),
}
