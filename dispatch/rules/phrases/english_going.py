"""What people say in English when they come or cannot come, in the manner of `english.py`."""

I_AM = "(?:i am|im|i m|we are|were|we re|am)"
I_WILL = "(?:i will|ill|i ll|we will|well|i shall|will)"
NOW = "(?: now| right now| right away| straight away| immediately| at once| asap| just now| currently)?"
HER = (
    "(?:her|him|them|(?:the |my )?(?:resident|old lady|old man|elderly lady|elderly man|lady|gentleman|"
    "patient|client|pt)|"
    "lola|lolo|grandma|grandpa|granny|(?:mrs|mr|ms|miss) [a-z]+)"
)
AT_HOME = "(?:the|her|his|their) (?:home|house|flat|door|apartment|place|room|bedroom|unit|property|building|residence)"
_COUNT = (
    "(?:[0-9]{1,3}|(?:twenty|thirty|forty|fifty)(?: ?(?:one|two|three|four|five|six|seven|eight|nine))?|"
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|a few|a couple of|couple of)"
)
_SPAN = (
    f"(?:{_COUNT} ?(?:more )?(?:m|min|mins|minute|minutes|hour|hours)|half (?:an )?hour|an hour|(?:a|one) "
    f"(?:minute|min|"
    "sec|second))"
)
_ABOUT = "(?:(?:approximately|approx|about|around|roughly|under|less than|another|just|only|max) )*"
MINUTES = f"(?:(?:in|within) )?{_ABOUT}{_SPAN}(?: or so| max| tops| or less)?"
_SOON = (
    f"(?:soon|shortly|asap|immediately|straight away|right away|right now|now|at once|just now|{MINUTES}|"
    f"in {_ABOUT}{_COUNT})"
)
_THERE = (
    f"(?:there|over there|over|round|around|down|out|straight over|right over|by|to {AT_HOME}|to {HER}|to see {HER})"
)
_MOVE = (
    "(?:on (?:(?:my|the|our) )?way|(?:en|on) ?route|coming|going|heading|headed|walking|cycling|riding|running|"
    "setting off|setting out|rushing|popping|travelling|traveling|making my way|about to leave|about to go|"
    "in (?:the|my) car|in (?:the|a|my) (?:taxi|cab)|on the bus|on my bike)"
)
_DO = (
    "(?:go|come|do it|do this|do that|attend|help|be there|be right there|be right over|be over|be round|"
    "be on my way|head|pop|"
    "make it|get there|reach there|reach|arrive|take it|take this|take this one|take that|cover it|"
    "cover this|cover this one|"
    "accept|accept it|respond|see to it|check on [a-z]+|check [a-z]+|see {her}|visit {her}|handle it|"
    "leave|attend to (?:it|this)|cover)"
).replace("{her}", HER)

ACCEPT = (
    "(?:i am |im )?on it",
    f"eta ?,? ?(?:is )?(?:in )?{_ABOUT}(?:{_SPAN}|{_COUNT})",
    f"give me (?!a |one ){_ABOUT}{_SPAN}",
    "(?:i )?accept the (?:task|job|alarm|call)",
    "(?:yes|yeah|yep|yup|yes please|sure|sure thing|of course|certainly|absolutely|definitely|affirmative)",
    "will do|can do|count me in|im in for this",
    "(?:yes )?accept(?:ed|ing)?(?: it| this| this one| the job| this call| this task| this job)?",
    (
        f"(?:{I_AM}|{I_WILL}|i can|i)(?: happily| gladly)? accept(?:ing)?(?: it| this| this one| the job|"
        " this call| this task| this job)?"
    ),
    (
        "(?:i|i will|ill|i can|will|let me) (?:take|cover|do|handle|get) (?:it|this|this one|that|that one|"
        "the job|the call)"
    ),
    "(?:taking|covering) (?:it|this|this one)",
    "ive got (?:it|this)|i (?:have )?got (?:this|this one)",
    "leave (?:it|this|that) (?:with|to) me",
    "(?:ill|i will|i shall) (?:take care of|see to|sort|deal with|look after) (?:it|this|that)",
    f"(?:{I_AM} )?(?:now |just |already |currently |still )*{_MOVE}(?: {_THERE})?(?: {_SOON})?",
    f"(?:{I_AM} )?(?:now |just |already |currently )*driving (?:{_THERE}(?: {_SOON})?|now)",
    f"(?:{I_AM} )?(?:just )?getting (?:in|into|on) (?:the|my|a) (?:car|van|bike|bus|taxi|cab)(?: {_SOON})?",
    f"(?:{I_AM} )?leaving (?:my (?:house|home|flat|place)|home|the office|work|the station)(?: {_SOON})?",
    f"(?:{I_AM} )?leaving (?:{_THERE} )?{_SOON}",
    f"(?:{I_AM} )?(?:now )?(?:attending|responding)(?: now| to (?:it|this)| to the (?:call|alarm))*",
    "(?:i )?(?:wish|want|would like) to (?:accept|go|take it|take this)",
    f"(?:{I_AM} )?(?:omw|otw)(?: {_THERE})?(?: {_SOON})?",
    "(?:i |ive |i have )?just (?:left|set off)",
    f"(?:i )?(?:can|could) {_DO}(?: {_THERE})?(?: {_SOON})?",
    "i can|i could|yes i can|yes i will|yes will do|i will|i can do|yes can",
    f"{I_WILL} {_DO}(?: {_THERE})?(?: {_SOON})?",
    f"i go(?: {_THERE})?{NOW}",
    f"(?:{I_AM} |i )?(?:go|going) (?:{_THERE} )?{_SOON}",
    "be (?:right there|there soon|there shortly|there asap|right over|with you soon|with you shortly)",
    "(?:i )?(?:dont|do not|wouldnt) mind (?:going|attending|coming)",
    f"(?:{I_WILL} |should )?be (?:there|with you|with {HER}) {_SOON}",
    f"there (?:soon|shortly|{MINUTES}|in {_ABOUT}{_COUNT})",
    f"{I_AM} (?:only )?{_ABOUT}{_SPAN} (?:away|out|from there|drive away|walk away)|{_ABOUT}{_SPAN} (?:away|out)",
    f"(?:{I_AM} )?(?:arriving|reaching)(?: there)? {_SOON}",
    f"{I_WILL} (?:arrive|reach)(?: there)? {_SOON}",
    "no (?:problem|worries|prob|probs)|not a problem|np",
    "(?:i am |im |id be |would be )?(?:happy|glad|pleased|delighted) to(?: help| go| attend| do it| come)?",
    f"(?:{I_AM} )?(?:free|available){NOW}",
    "(?:i am|im) ready(?: to go)?",
)
_CANT = (
    "(?:cannot|cant|can not|carnt|could not|couldnt|(?:am |im |i am |be )?not able to|(?:am |im |"
    "i am )?unable to|wont be able to|"
    "will not be able to|wont|will not|not going to|do not want to|dont want to|cant possibly)"
)
_TODAY = (
    "(?: (?:today|now|right now|at the moment|this time|tonight|at this time|at present|currently|"
    "this morning|this evening|"
    "this afternoon|atm|either|any more|anymore|this week))*"
)
_GO = (
    "(?:go|come|make it|attend|do it|do this|do this one|do that|accept|accept it|accept this|take it|"
    "take this|take this one|"
    "take the call|help|help out|be there|come over|go there|leave|get there|get away|come out|go out|"
    "drive|respond|cover|"
    "cover it|cover this|get out|leave home|leave work|leave (?:my|this|the) (?:current |"
    "present )?(?:visit|client|resident|job|call|patient|kids|children|child|baby|mum|mother|dad|father|post|shop))"
)
_ELSE = (
    "(?:someone|somebody|another (?:carer|person|one|colleague|caregiver|nurse)|anyone|someone else|"
    "somebody else|others|other carers?|a colleague)"
)
DECLINE = (
    "(?:no|nope|nah|negative|no thanks|no thank you|no sorry|no can do|no chance|no way)",
    "not (?:me|now|today|possible|possible today|tonight|this time)(?: today)?",
    "(?:impossible|its impossible|its not possible)",
    "(?:i |ill |i will |ill have to |i will have to |i have to |have to )?pass(?: on this| on this one| this time)?",
    (
        "(?:i )?(?:must |have to |will |need to |would like to )?(?:decline|refuse|reject)(?:d|ing)?(?: it| "
        "this| this one)?"
    ),
    f"(?:{I_AM} )?(?:stuck|held up) (?:at work|with (?:a|another|my) (?:client|resident|patient|visit))",
    "(?:please )?find (?:me )?another",
    "declining|(?:i )?(?:declined|rejected|refused)|count me out|skip(?: me| this| this one)?",
    f"(?:i |we )?(?:really |just |still )?{_CANT}(?: {_GO})?(?: there)?{_TODAY}",
    f"(?:i am |im |i )?unable{_TODAY}|(?:{I_AM} )?not able{_TODAY}",
    (
        f"(?:{I_AM} )?(?:not available|unavailable|not free|not coming|not going|busy|too busy|very busy|"
        "really busy|bit busy|tied up|"
        "occupied|fully booked|held up|not at work|not working|not on shift|not on duty|"
        f"not on call)(?: in| there)?{_TODAY}"
    ),
    (
        f"(?:{I_AM} )?(?:currently |already |still )?(?:busy )?(?:with|at|on|attending|seeing) "
        "(?:another|a different|an other|other|my other|my) (?:resident|client|call|job|alarm|patient|"
        f"visit|carer|one){_TODAY}"
    ),
    (
        f"(?:i )?(?:do not |dont )?(?:have |got )?(?:no|any|have) time{_TODAY}|(?:i )?(?:dont|"
        f"do not) have (?:the )?time{_TODAY}"
    ),
    f"(?:i have |ive |ive got |i got |have |got )?no (?:time|car|transport|vehicle|way to get there){_TODAY}",
    (
        f"(?:{I_AM} )?(?:(?:too|so|very|quite|really) )?(?:far|far away|far from (?:there|here|it)|far for me)"
        f"(?: away| from there| from here)?{_TODAY}"
    ),
    (
        f"(?:{I_AM} )?(?:currently |still |already )?(?:off (?:duty|today|work|sick|shift)|sick|"
        "unwell|poorly|ill today|"
        "on (?:annual |sick |maternity )?leave|on (?:my )?break|on (?:holiday|vacation|holidays|"
        "my day off)|out of (?:town|the city|the country|"
        "area|the area)|abroad|overseas|away|self isolating)"
        f"(?: until [a-z]+| till [a-z]+| with (?:the )?(?:flu|covid))?{_TODAY}"
    ),
    f"{I_AM} (?:in|at) (?:the )?(?:hospital|doctors|dentist|airport)",
    f"(?:its |it is |today is |its my |today is my )?(?:my )?(?:rest day|day off|off day){_TODAY}",
    (
        "(?:my )?shift (?:is |has )?(?:over|finished|ended)|ive finished (?:my shift|work|for the day)|"
        "i (?:have )?finished my shift"
    ),
    f"i (?:dont|do not|no longer) (?:work|do shifts|drive)(?: here)?{_TODAY}",
    "(?:i|ive|i have) (?:already )?(?:resigned|quit my job|left the (?:job|company))(?: already)?",
    (
        "(?:i have|ive got|ive|i got|i am having|im having) (?:a )?(?:got )?(?:covid|flu|the flu|"
        "fever|a fever|a cold|cold|"
        "a headache|migraine|a migraine|a temperature|an appointment|a family emergency)"
    ),
    "(?:unfortunately|im afraid|i am afraid) ?,? ?(?:i )?(?:cannot|cant|can not|not)(?: today)?",
    (
        "(?:can you |could you |you will have to |youll have to |youd better |you should |better |please |"
        "pls |plz |kindly |just )*"
        "(?:ask|find|try|contact|assign|give (?:it|this) to|pass (?:it )?to|offer (?:it )?to|"
        "(?:send|get|call)(?! (?:someone|somebody|anyone|anybody)(?! else| instead| closer)))"
        f"(?: for)? {_ELSE}(?: else| closer| nearer)?"
        "(?: instead)?(?: please)?"
    ),
    "(?:someone|somebody|anyone) else (?:please|pls|plz)",
)
