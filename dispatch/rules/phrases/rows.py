"""
Phrases as rows of word kinds (`lexicon.py`), by what they mean: "me now go" is 我马上去, 俺这就过去 and 咱立刻出发.

A row is a pattern over kinds instead of signs, with blanks between: `?`, `*`, `+` and bars as everywhere. To add a way
of saying something, add a word to its kind first, and a row only where no row has that order of words.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.rules.alarm import Outcome
from dispatch.rules.phrases.meaning import Action, Aside, Meaning


@dataclass(frozen=True, slots=True)
class Beside:
    """Words that decide nothing, and may stand next to `actions`; next to those of `before` only in front of them."""

    actions: frozenset[Action]
    before: frozenset[Action] = frozenset()


@dataclass(frozen=True, slots=True)
class Half:
    """
    Words that lean to an action: alone they are asked back, two of them are that action. May stand beside others.

    `alone` where one is enough of somebody who stands where that action is next (`standing.py`).
    """

    action: Action
    beside: frozenset[Action] = frozenset()
    alone: bool = False


Said = Meaning | Beside | Half


def _beside(*actions: Action) -> Beside:
    return Beside(frozenset(actions))


ANY = _beside(*Action)
_I = "(item all?)? (me|person)? (now|today|really|so|already|at|alone|want)*"
_END = "(over|ah|quick)*"
_LONG = "(over|effort|span|her|now|inside|door|all)*"
_TO_HER = "((her|item)? (home|place|item)? | her)"
_STUFF = "(item|her (home|item)?|key)"
_GO = "((go|upstairs)+)"

PHRASES: Sequence[tuple[Said, str]] = (
    # Coming.
    (
        Action.ACCEPT,
        f"so* {_STUFF}? me (now|today|so|can|want|at|alone)* ride* {_GO} {_TO_HER} (go|look|her|how)* {_END}",
    ),
    (Action.ACCEPT, f"so* (now|today)* now (today|can|want|ride)* {_GO} {_TO_HER} (look|go|her|how)* {_END}"),
    (Action.ACCEPT, f"so* (now|today)* can (now|ride)* {_GO} {_TO_HER} (look|go|her|how)* {_END}"),
    (Half(Action.ACCEPT), f"(me|already|now|at|really)* slow at? way {_END}"),
    (Action.ACCEPT, f"(me|already|now|person|over)* (aboard|at way) {_END}"),
    (Action.ACCEPT, f"(me|already|now|at)+ way {_END}"),
    (Action.ACCEPT, f"(me|already|now)+ (aboard|go) span {_END}"),
    (_beside(Action.ACCEPT), f"(me|already|at)* awake {_END}"),
    (Action.ACCEPT, f"(me|now)* ride now* {_GO} {_TO_HER} look* {_END}"),
    (Action.ACCEPT, f"nav (about|have|want)* span about* {_END}"),
    (Half(Action.ACCEPT, frozenset({Action.DECLINE})), f"(me|really|now|at)* ride_slow {_END}"),
    (Half(Action.ACCEPT), f"(me|now|can|want|about)* slow (now|reach|about|over)* span (about|reach)* {_END}"),
    (Action.ACCEPT, f"(me|now|so)* about+ want? distance about* {_END}"),
    (Half(Action.ACCEPT), f"(me|now|so)* about+ want? span about* {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(me|really|home|live|now|at)* near {_END}"),
    (Action.ACCEPT, f"(me|now|so|about|want)* span (about|now|can|me|over)* (reach|{_GO}) {_TO_HER} {_END}"),
    (Half(Action.ACCEPT), f"(me|now|so|about|want)* clock (about|now|can|me|over)* (reach|{_GO}) {_TO_HER} {_END}"),
    (Half(Action.ACCEPT), f"soon (now|want)* reach {_END}"),
    (Action.ACCEPT, "so* me (now|can)+ reach ah*"),
    (Action.ACCEPT, f"so* {_STUFF}? me (now|today|so|can|want|at|alone)* ride* come (look|her)* ah*"),
    (Action.ACCEPT, "(today|so)* now+ (can|ride|me)* come (look|her)* ah*"),
    (Action.ACCEPT, f"so* (item|now|her)* mine {_END}"),
    (Action.ACCEPT, f"me? kin ride* carry me {_GO}? {_END}"),
    (Half(Action.ACCEPT, alone=True), f"me (today|now|really)+ free {_END}"),
    (Half(Action.ACCEPT, frozenset({Action.DECLINE})), f"me? (ride|go|come)+ about* want? span {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(her|name) home me (now|near) {_END}"),
    (Action.ACCEPT, f"(me|so|want|about|now)* span (me|now|about)* came_in {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(me|her)* (home|item)? me near {_END}"),
    (Half(Action.ACCEPT, frozenset(Action)), f"urge+ {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(me|now|wait|already|at)* ready+ {_END}"),
    (Action.ACCEPT, f"(me|wait|already)* now (ready|now)+ {_GO} {_END}"),
    (Half(Action.ACCEPT, frozenset({Action.DECLINE})), f"(me|now|can|want)* slow (span|about|reach|over)* {_END}"),
    (_beside(Action.ACCEPT), f"(me|today|now|really|so)* (so|today|now|really) free {_END}"),
    (_beside(Action.ACCEPT), "(item|her|name|home|place|office|is)+ confirm ah*"),
    (_beside(Action.ACCEPT), f"(is|me|her|already|all)* charge (her|home|item)* {_END}"),
    (_beside(Action.ACCEPT), f"(me|now|person|already|today)* at+ (her|item|home)* estate {_END}"),
    (Action.ACCEPT, f"(me|wait|already|so|home|item)* (ready+ over?|(finished|work? end) over) now+ {_GO} {_END}"),
    (_beside(Action.ACCEPT), "(me|at|busy_at|item|home|work|now|her)* soon (finished|end) over"),
    (Half(Action.ACCEPT), f"(me|already|now)* gear all* worn {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(me|already|now|person)* at+ {_GO} {_TO_HER} {_END}"),
    (
        Half(Action.ACCEPT, frozenset({Action.DECLINE}), alone=True),
        f"(me|now|at|already)* way (now|really|at)* slow+ {_END}",
    ),
    (_beside(Action.ACCEPT), f"name home? (own_kin|kin)? (today|now|already|all)* (ill|absent|unable|at away) {_END}"),
    # Not coming.
    (Half(Action.DECLINE, alone=True), f"(today|now)+ absent {_END}"),
    (Half(Action.DECLINE, alone=True), "(so|now|today|you|hello|please)* replace+ name (now|can)* go (look|ah)*"),
    (_beside(Action.DECLINE), f"(name|her) (now|at|home|item|live)+ (estate|near) {_END}"),
    (Action.DECLINE, f"{_I} cannot {_END}"),
    (Action.DECLINE, f"(so|now|today|you|please|item)* transfer (name|anyone) {_END}"),
    (Half(Action.DECLINE, alone=True), f"{_I} regret {_END}"),
    (Half(Action.DECLINE, frozenset(Action)), f"{_I} sorry+ {_END}"),
    (_beside(Action.DECLINE), "span ah+"),
    (_beside(Action.DECLINE), f"so* leave_me far* {_END}"),
    (_beside(Action.DECLINE), "hey ah*"),
    (Action.DECLINE, f"{_I} cant ({_GO}|ride|reach)+ {_TO_HER} look* {_END}"),
    (Action.DECLINE, f"{_I} unable {_END}"),
    (Action.DECLINE, f"{_I} none (now|really|today)* spare (go|come|look)* {_END}"),
    (
        Action.DECLINE,
        f"(so|now|today|you|hello|please|hurry|home)* replace+ anyone (now|go|come|look|can|hurry)* {_END}",
    ),
    (
        _beside(Action.DECLINE),
        f"(so|now|today|you|hello)* may_you replace+ anyone (now|go|come|look|can|hurry)* {_END}",
    ),
    (_beside(Action.DECLINE), f"(so|now|today|you|hello|please|may_you)* replace+ name (now|go|come|look|can)* {_END}"),
    (Action.DECLINE, f"me {_I} (absent|not_at away) {_END}"),
    (Action.DECLINE, f"(me|person|today|now)* at away {_END}"),
    (Half(Action.DECLINE, alone=True), f"(me|now|at)* none (finished|work end) {_END}"),
    (Aside.EXCUSE, f"{_I} (leave_of|ill|away)+ {_END}"),
    (Aside.EXCUSE, f"own_kin (today|now|already|all|at)* (ill|away)+ {_END}"),
    (_beside(Action.DECLINE, Action.ACCEPT), f"(me|at|today)* (now|already)+ off+ {_END}"),
    (Beside(frozenset({Action.DECLINE}), frozenset({Action.ACCEPT})), f"{_I} (far|slow)+ {_END}"),
    (
        _beside(Action.DECLINE),
        f"(me|now|can)* ((want|about)+ span about*|span about* already) (now|can|want|already)* (reach|go)? {_END}",
    ),
    (_beside(Action.ACCEPT, Action.DECLINE, Action.ARRIVED), f"(at|me|way|now|really)* slow+ at? way? {_END}"),
    # There.
    (Action.ARRIVED, "(me|person|already|at|now)* reach scene over+ ah*"),
    (Action.ARRIVED, "(me|person|already|at)* reach (her (home|place) (upstairs|near)?|place home)? over+ ah*"),
    (
        Half(Action.ARRIVED, frozenset({Action.DECLINE})),
        "(me|person|already|at|now)* reach (her? place|home) over+ ah*",
    ),
    (
        Action.ARRIVED,
        f"(me|person|already|at|now)* already (me|now)* (reach|came_in) (her home|her? place)? (upstairs|near)? {_END}",
    ),
    (Half(Action.ARRIVED, frozenset({Action.ACCEPT})), f"(me|person|already|now)* at? (her home|place) {_END}"),
    (Half(Action.ARRIVED), f"(me|person|already|now)* at inside {_END}"),
    (Action.ARRIVED, f"(me|person|already|now)* at knock {_END}"),
    (Action.ARRIVED, f"(me|person|already|now)* (came_in|see (her|person)) {_TO_HER} over+ ah*"),
    (Half(Action.ARRIVED), "me? upstairs over+ ah*"),
    (ANY, "checked"),
    (ANY, f"report {_END}"),
    (Action.ARRIVED, f"(me|already|now)* at+ (let|with_her)? her tend {_END}"),
    (Half(Action.ARRIVED), f"(me|already|now)* at+ (let|her)* tend {_END}"),
    (Aside.TENDING, f"(me|already|now)* (at|let|her)+ tend {_END}"),
    (_beside(Action.ARRIVED), f"(her|person|now|at|is)* (her told)? (state|calm)+ {_END}"),
    (_beside(Action.ARRIVED, Action.DONE), f"(her|person|now)* at+ pastime {_END}"),
    (_beside(Action.ARRIVED, Action.DONE), f"(her|person|now|already|is)* mishap {_END}"),
    (_beside(Action.ARRIVED, Action.NO_ENTRY), f"her (at|now)* inside (over|response)* {_END}"),
    (Half(Action.ARRIVED, frozenset({Action.NO_ENTRY})), f"(me|person|now|at)* (at? place|at? outside) stand {_END}"),
    (Half(Action.ARRIVED), "(stand|me|person|now)* at? (her home place?|place) (upstairs|near)? over* ah*"),
    (Action.ARRIVED, f"(her|kin|person|office)* let_in {_END}"),
    # Shut out.
    (Action.NO_ENTRY, f"(me|so|all)* none nobody {_END}"),
    (Action.NO_ENTRY, f"effort (her|me)* stuck {_END}"),
    (Half(Action.NO_ENTRY, frozenset({Action.ARRIVED})), f"(all|already|me)* knock (over|span|effort)+ {_END}"),
    (Half(Action.NO_ENTRY, frozenset({Action.ARRIVED})), f"(me|now|person)* at? outside stand {_END}"),
    (Action.NO_ENTRY, f"(me|kin|office|all|home|place|barrier|now|door)* none key {_END}"),
    (Half(Action.NO_ENTRY), f"(inside|home)* have person {_END}"),
    (Action.NO_ENTRY, f"(inside|her|home)* door (at|now|today|key|wrong)* shut {_END}"),
    (Action.NO_ENTRY, f"(me|now|really)* shut door {_END}"),
    (
        Action.NO_ENTRY,
        f"(me|already|at)* effort* knock+ {_LONG} (none|no)+ (response|enter|look) {_END}",
    ),
    (
        Action.NO_ENTRY,
        f"(me|already|at)* effort* (call|knock)+ {_LONG} (none nobody|no open) {_END}",
    ),
    (
        Action.NO_ENTRY,
        f"(me|already|at)* effort* (call|knock)+ {_LONG} (shut door?|none person) {_END}",
    ),
    (Action.NO_ENTRY, f"(me|now)* (key|wrong) now* (wrong|key) {_END}"),
    (Action.NO_ENTRY, f"(me|now)* key? home? none key {_END}"),
    (Action.NO_ENTRY, f"(me|now|today|really)* no_enter {_END}"),
    (Action.NO_ENTRY, f"(barrier|her|kin|office|place|home)* bar+ let? me? enter {_END}"),
    (Action.NO_ENTRY, f"barrier+ (at|door|let|now)* me? no_enter {_END}"),
    (
        _beside(Action.NO_ENTRY),
        f"(me|can)* hear? (inside|home|her|door)+ (now|at|none|no|effort|have|person)* (response|tend) {_END}",
    ),
    # Over.
    (Action.DONE, "(me|work|now|already|her)* (finished|work end) over+ ah*"),
    (Action.DONE, "(work finished|finished work)"),
    (_beside(Action.ARRIVED, Action.DONE), "office (all|already)* (reach|come) over+ ah*"),
    (Action.DONE, "(her|person|now|already|really|today)* safe over* sure*"),
    (Half(Action.DONE, frozenset({Action.ARRIVED})), f"(her|person|now|already|let|me|alone)* settled state* {_END}"),
    (Half(Action.DONE), "her? kin (now|already|at)* (leave|reach|go|come|aboard) over+"),
    (_beside(Action.DONE), f"her? kin (now|at)* (go|come|tend|look|her)+ {_END}"),
    (Half(Action.DONE), "me (now|already|so)* leave over+ ah*"),
    (Half(Action.DONE), f"(let|her|me|already|now)* served {_END}"),
    (Half(Action.DONE, frozenset({Action.ACCEPT})), "me aboard over"),
    (
        Outcome.HOSPITAL,
        "(her|already|let|now|by|kin|office|ride|me|carry)* carry (her|office|go|reach|over)* to_hospital+ over+ ah*",
    ),
    (Outcome.HOSPITAL, f"(her|kin|office|me)* already (her|kin|office)* carry (her|go|reach)* to_hospital+ {_END}"),
    (Outcome.HOSPITAL, "(her|already|let|now|by)* office (her|already|now)* take_away (her|to_hospital)* over+ ah*"),
    (Outcome.HOSPITAL, "(her|already|let|now|by)* take_away (her|over)* to_hospital over+ ah*"),
    # Beside anything.
    (ANY, f"seen {_END}"),
    (ANY, f"(so|ah)* (hello|name_of_me)+ {_END}"),
    (Half(Action.ACCEPT), f"(you|so|now|hello|please)* (told|replace)+ (her|kin) told* (now|can)* wait {_END}"),
    (
        _beside(Action.ACCEPT, Action.ARRIVED),
        f"(you|so|now|hello|please)* (told|replace)* (her|kin) told* (now|can)* calm {_END}",
    ),
    (_beside(Action.ACCEPT), f"(you|so|now|hello|please)* told+ (her|kin) told+ {_END}"),
    (Half(Action.ACCEPT, frozenset(Action)), f"(me|so)* wait {_END}"),
    (ANY, f"(me|so)* wait span {_END}"),
)

LOOSE: Sequence[tuple[Said, str]] = (
    (Action.ACCEPT, f"me own{{0,6}} now+ {_GO} {_TO_HER} (look|go|her|how)* {_END}"),
    (Action.ACCEPT, "moving own{1,4} now reach over?"),
    (Action.ACCEPT, f"(me|vehicle) own{{0,3}} moving own{{1,4}} over {_END}"),
    (Action.ACCEPT, f"me? already moving own{{1,4}} {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(me|already)* from own{{1,4}} out {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(already|at|now|person|ride)* moving own{{1,5}} over {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(me|already|at|now)+ moving (own|her){{1,4}} {_END}"),
    (Half(Action.ACCEPT, alone=True), f"(me|now|home)* live own{{0,5}} (near|span) {_END}"),
    (Half(Action.ACCEPT), f"(told|replace) her own{{0,3}} (open|opened|door own{{1,2}}) {_END}"),
    (Half(Action.DECLINE, frozenset({Action.ACCEPT})), f"me today* at own{{2,4}} {_END}"),
    (Aside.EXCUSE, f"{_I} carless {_END}"),
    (Action.DECLINE, f"(you|so|please|home)* rearrange {_END}"),
    (_beside(Action.DECLINE), f"(me|at|now|home|today|let)* mind own_kin own{{0,4}} {_END}"),
    (Aside.EXCUSE, f"{_I} ill own{{1,4}} {_END}"),
    (
        Half(Action.ARRIVED, frozenset({Action.DONE, Action.DECLINE})),
        f"(me|already|now)* at* with_her her own{{1,4}} {_END}",
    ),
    (_beside(Action.ACCEPT), f"(name|kin|office) told me (let|her|own){{0,4}} {_END}"),
    (_beside(Action.DECLINE), f"me (cant|no) (open|enter|item|own){{0,4}} door {_END}"),
    (Half(Action.ARRIVED, alone=True), f"(her|kin|person)* own{{0,2}} opened {_END}"),
    (_beside(Action.ARRIVED, Action.NO_ENTRY), f"her (at|now)* (inside|home) own{{0,4}} {_END}"),
    (
        Beside(frozenset({Action.ARRIVED, Action.DONE, Action.NO_ENTRY}), frozenset({Action.ACCEPT})),
        f"her own{{1,6}} {_END}",
    ),
    (Action.NO_ENTRY, f"(me|inside|home|her|item|kin|so|effort)* (door|key|knock|call) own{{0,6}} stuck {_END}"),
    (Half(Action.NO_ENTRY), f"her deaf own{{0,3}} {_END}"),
    (Half(Action.DONE, frozenset({Action.ARRIVED})), f"(let|already)+ her own{{0,4}} over own{{0,4}} {_END}"),
    (Action.DONE, f"(me|already|person|her|let)* hand_over her? kin own{{0,3}} {_END}"),
    (Outcome.FALSE_ALARM, "(so|her|kin|is|now|already|key)* own{0,4} mistaken (mischief over* ah*|over+ ah*)"),
    (Outcome.FALSE_ALARM, "(her|kin|is)* device own{0,2} by_itself ah+"),
)
"""Phrases with words in them that nobody listed. A whole one of the rows above is preferred."""
