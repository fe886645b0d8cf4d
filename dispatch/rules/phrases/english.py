"""What people say in English, as patterns over small letters without apostrophes; a blank parts the words."""

from collections.abc import Mapping

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.english_ends import ARRIVED, DONE, NO_ENTRY, SHE
from dispatch.rules.phrases.english_going import ACCEPT, DECLINE, HER, I_AM, MINUTES
from dispatch.rules.phrases.meaning import Action, Aside, Meaning

_IS = "(?:is|are|s)"

HELPED = (
    "nothing (?:is )?(?:happened|wrong|serious|the matter|to worry about)",
    (
        f"(?:{SHE} ?{_IS}?|its|it is) (?:all |doing |perfectly |quite )?(?:fine|well|ok|okay|good|"
        "safe|alright|all right|unhurt|stable)(?: now)?"
    ),
    "(?:all )?fine(?: now)?",
    "(?:safe|unhurt)",
    "(?:all |everything )fine here",
    "everything is under control",
    "no problem here",
    "nothing wrong",
    "all good(?: now| here)?",
    "all (?:is )?(?:ok|okay|well|fine|good|safe)(?: now| here)?",
    "everything (?:is )?(?:ok|okay|fine|good|alright|all right|well)(?: now)?",
    "no (?:injury|injuries|harm|harm done)",
    f"(?:{SHE} ?{_IS} )?not (?:hurt|injured)",
    f"(?:{SHE} ?(?:is |s )?)?back in bed and (?:fine|ok|safe|well)",
    "(?:i )?helped(?: her| him| them)?(?: up| to bed| back to bed)?",
    f"(?:{SHE} ?{_IS} )?back in bed",
    "nothing serious",
    "is fine",
)
FALSE_ALARM = (
    "(?:it |that )?(?:was |is |just |only )*(?:a |another )?false(?: alarm)?",
    "its a false alarm",
    "(?:it was |was )?(?:pressed )?(?:a |by )?(?:mistake|accident)",
    "pressed (?:by (?:mistake|accident)|accidentally)",
    f"{SHE} pressed (?:it )?(?:by (?:mistake|accident)|accidentally)",
    "(?:accidental|accident|mistaken)(?: press| alarm| call)?",
    "it was an accident",
    "wrong (?:press|button)",
)
TEST = ("(?:it was |was |just |only |it was just )?(?:a |just a |only a )?test", "testing")
HOSPITAL = (
    (
        f"(?:was |been |have |has |already |{SHE} ?(?:was |is |has been |s been |s )?)?(?:taken|sent|brought|"
        f"transferred|went|gone)(?: {HER})? to (?:the )?hospital"
        "(?: by (?:the )?ambulance| in (?:the|an) ambulance)?"
    ),
    "(?:to )?hospital",
    "took (?:her|him|them) to (?:the )?hospital",
    f"{SHE} (?:went|is going|was taken) to (?:the )?hospital",
    "(?:the )?(?:ambulance|paramedics) (?:took|have taken|has taken) (?:her|him|them)(?: away| to (?:the )?hospital)?",
    "in hospital",
    "taken by ambulance",
    "(?:the )?family took (?:her|him|them) to (?:the )?hospital",
)
POLICE_FIRE = ("police came", "fire brigade came")
NOBODY_HOME = (
    "(?:theres |there is )?(?:nobody|no one|noone)(?: is)?(?: at)? (?:home|in)(?: here)?",
    "not (?:at )?home",
    "(?:nobody|no one) is (?:in|at home)",
)
DIED = (f"(?:{SHE} )?(?:has )?died",)
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
    Aside.NOD: (
        "ok",
        "okay",
        "okey",
        "o k",
        "o,k",
        "roger(?: that)?",
        "copy(?: that)?",
        "alright",
        "understood",
        "ok fine",
        "fine then",
        "alright then",
        "ok then",
    ),
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
        "k",
        "confirm(?:ed)?",
        "sir",
        "madam",
        "(?:my )?apologies",
        "(?:sorry|apologies) for (?:the )?(?:late reply|delay|late response|inconvenience)",
        (
            "(?:so|also|then|well|oh|ah|ooh|actually|unfortunately|no worries|anyway|just|though|because|"
            "as|since|pls|plz|dear|team|guys|"
            "boss|maam|mam|mate|cheers|thank u|ty|tks|thx|many thanks|regards|kind regards)"
        ),
        (
            "(?:i )?(?:just |only )?(?:saw|seen|got|read|noticed) (?:this|it|your (?:message|text)|"
            "the (?:message|text))(?: now| just now)?"
        ),
        "(?:dont|do not|no need to) worry",
        "(?:please|pls|plz)? ?(?:wait|hold on)(?: for me)?",
        "its (?:me|(?!not)[a-z]+ here)|this is (?!not|no|an?(?![a-z])|the)[a-z]+",
        "noted|received",
        "ming ?bai(?: ?le)?",
        "with apologies",
        "(?:i )?got it",
        "xie ?xie(?: ?ni)?",
        "dui ?bu ?qi",
        "bu ?hao ?yi ?si",
        "n[i]n? ?hao",
        "bao ?qian",
        "(?:qing )?fang ?xin",
    ),
    Aside.NEAR: (
        (
            f"(?:{I_AM} |just |only |live |i live |quite |very |really )*(?:nearby|near by|near|close by|close|"
            "(?:a?round|round) the corner|next door|not far|not far away|in the area|downstairs|upstairs|"
            "in the building)(?: anyway| now)?"
        ),
        "i dont live far(?: away)?",
        MINUTES,
    ),
    Aside.LEAVING: (
        "(?:i |ive |i have |have )left(?: now| already| the (?:house|flat))?",
        "(?:i am |im )?(?:going|heading|headed|gone) (?:home|back)(?: now)?",
    ),
    Aside.EXCUSE: (
        f"{I_AM} (?:at work|in a meeting|driving|at the doctor)",
        "my car (?:broke down|is broken)",
        f"{I_AM} ill",
    ),
    Aside.TENDING: (f"(?:{I_AM} )?(?:checking|looking after|helping|talking to|taking care of) {HER}(?: now)?",),
    Aside.CRY: (
        "(?:call |send |need |get |please |an? |the )*(?:ambulance|paramedics?|999|911|112)(?: now| please| asap)*",
        "ambulance",
        "police",
        "fire",
        "fire brigade",
        "help",
    ),
}
