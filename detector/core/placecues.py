"""The words around a place name that tell whether it is the scene of an event, its actor, or part of a person's name.

Plain word lists, all lower case. They are closed classes of English and a few dozen nouns and verbs of the news; place
names are not here but in the gazetteer.
"""

from typing import Final

from detector.core.eventtypes import EventType


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


STATIC: Final = _set(
    """
    in at near inside outside across throughout within around amid along beneath outskirts downtown
    """
)
"""Prepositions that put something at a place."""

TARGET: Final = _set(
    """
    on against into toward towards beyond over off through leave leaving left fled fleeing flee evacuate
    evacuated evacuating reached enter entered entering hit hits hitting bombed bombing bomb bombs bombarded
    struck strike strikes striking shelled shelling pounded pounding rocked rocks attacked attacking attack
    targeted targeting target besieged besieging raided stormed storming invaded invading invade seized
    captured recaptured retook retake devastated battered ravaged destroyed gripped shook swept throughout
    visit visited visiting surrounding threatening approaching
    """
)
"""Words whose object is the place where something happens."""

OF: Final = _set("of to from via")
"""Prepositions that say a place has to do with it."""

AGENT: Final = _set(
    """
    by with for than as like if because while although that unlike says said told accused accuses blamed
    blames urged
    """
)
"""Words after which a country is an actor, an ally or a topic."""

ADDRESSING: Final = _set(
    """
    call calls called calling pressure pressed pressing prevail prevailed blame blamed blames focus focused
    urging reliance depends depend relies policy embargo sanctions retaliation threatened threats
    """
)
"""Words before "on" and "against" that make of a country one who is addressed and not a place."""

CONJUNCTIONS: Final = _set("as if because while although that")
"""Of these, the ones after which a name is the subject of a clause."""

FILLERS: Final = _set(
    """
    the a an northern southern eastern western central north south east west northeast northwest southeast
    southwest northeastern northwestern southeastern southwestern north-eastern inner upper lower greater
    rebel opposition government isis is regime army militant held controlled occupied besieged divided
    neighbouring neighboring nearby war torn ravaged stricken hit city cities town village villages capital
    province provinces region district area areas suburb suburbs neighborhood neighbourhood outskirts part
    parts most much all whole rest state island port border country kingdom territory enclave strip coastal
    remote downtown central its their his her own of both and ancient historic strategic key flashpoint
    predominantly mainly mostly embattled disputed tiny tense french british small resort beach southern-most
    republic people centre center heart streets several many two three hundreds
    """
)
"""Words that may stand between a preposition and the name of a place."""

SAYING: Final = _set(
    """
    said says say has have had will would wants want agreed agrees accused accuses accusing denied denies
    announced announces warned warns vowed vows launched called calls condemned condemns urged urges rejected
    rejects blamed blames claims claimed insists insisted hopes expects demanded demands offered proposes
    proposed backs backed supports supported opposes sent sends plans planned is was were are did does told
    declared declares must should could may might can continues continued carried bombed launched struck
    conducted brokered mediated signed broke violated stepped ordered deployed began considers intervened
    conducting welcomed welcomes voiced expressed pledged stands stood stand joined also never reiterated
    maintains admitted responded retaliated invaded withdrew fears feared believes argued
    """
)
"""Verbs whose subject is a government and not a place, when a country or a capital stands before them."""

OFFICE: Final = _set(
    """
    government president presidents minister ministers ministry prime premier leader leaders foreign defence
    defense interior military army armed air navy naval forces force troops soldiers soldier warplanes
    warplane warplanes jets jet aircraft fighter fighters airstrikes airstrike strikes strike strikes raid
    raids drone drones rocket missile missiles artillery tank tanks officials official diplomat diplomats
    ambassador envoy embassy consulate secretary chancellor king queen parliament lawmakers senator senators
    congressman administration intelligence authorities state media news newspaper newspapers television tv
    broadcaster agency spokesman spokeswoman spokesperson delegation negotiators negotiator mediators general
    commander commanders command bombing bombings bombardment shelling offensive operation operations invasion
    occupation aggression attack attacks assault onslaught counterpart counterparts nationals allies ally
    backed led brokered born passport citizens tourists tourist journalist journalists reporter photographer
    airlines charity aid consul man woman couple student citizen national nationals airforce helicopters
    bombers helicopter cabinet monarch policy newspaper politicians politician public mediation proposal
    initiative
    """
)
"""Nouns that make of a nationality or a possessive the owner of an action, wherever it takes place."""

SCENE: Final = _set(
    """
    city cities town towns village villages capital province provinces region regions border coast territory
    territories island islands soil district districts hospital hospitals market markets school schools camp
    camps mosque church prison civilians civilian villagers residents families children people population
    opposition rebels rebel insurgents conflict war crisis civil countryside coastal resort port desert
    mountains jungle town's neighborhood neighbourhoods neighborhoods suburb enclave side parts protesters
    demonstrators streets skies airspace highlands airport revolution uprising refugee refugees police
    prisoners detainees women kurds christians muslims
    """
)
"""Nouns that make of a nationality the place where it happens."""

JOINED_ACTOR: Final = _set(
    """
    led backed based born brokered mediated sponsored supported made educated allied funded trained style
    owned run built supplied
    """
)
"""Second halves of compounds such as US-led, in which the country acts from outside."""

TITLES: Final = _set(
    """
    mr mrs ms miss dr sir lady lord sen rep gov judge justice officer sgt lt col gen capt maj prof professor
    senator congressman congresswoman governor mayor sheriff coach detective deputy inspector constable
    reverend rev sister brother attorney captain colonel lieutenant sergeant president representative
    secretary minister cardinal bishop archbishop imam rabbi
    """
)
"""What stands before the name of a person."""

SMALL: Final = _set(
    """
    al el ad ar as az ash at de del della di da do dos la le les of the on upon and en es an bin sur der am
    under
    """
)
"""Words inside a name that need no capital."""

HUBS: Final = _set(
    """
    london washington paris geneva moscow beirut amman brussels jerusalem cairo nairobi berlin beijing
    istanbul ankara dubai johannesburg vienna islamabad riyadh tehran baghdad rome madrid singapore delhi
    """
)
"""Cities from which agencies and governments report what happens elsewhere."""

STANDING: Final = _set("stands stand stood standing")
"""Verbs of those who declare their support."""

DECLARING: Final = STANDING | {"solidarity"}
"""Words in which somebody of standing declares support."""

SUPPORT: Final = _set(
    """
    with for behind honor honour honoring honouring remember support supportive solidarity back
    """
)
"""What stands before those who are supported."""

PRESSURE: Final = _set(
    """
    sanctions sanction pressure tariffs embargo restrictions agreement relations dependence reliance
    """
)
"""What is put on a government, not done at a place."""

EVENTS: Final = _set(
    """
    massacre massacres attack attacks bombing bombings shooting shootings siege violence clashes conflict war
    crisis killings killing ceasefire ceasefires cease truce evacuation evacuations wildfire wildfires fire
    fires flood floods flooding earthquake quake explosion explosions blast blasts genocide atrocity
    atrocities riots unrest uprising protests protest vigil tragedy disaster shooter gunman victims victim
    survivors residents evacuees hospital hospitals school schools market airport synagogue mosque church
    nightclub
    """
)
"""Nouns that a place name before them locates: the Paris attacks, the Gaza truce."""

STATE_EVENTS: Final = EVENTS - _set(
    """
    attack attacks bombing bombings shooter gunman killing victims victim residents fire fires siege cease
    """
)
"""Of these, the ones that do so for a country; "the Russia attack" may be by or on Russia."""

VENUE: Final = _set(
    """
    talks talk meeting meetings met meet negotiations negotiation negotiators negotiated summit conference
    conferences mediators mediation mediated signed arrived arrive spoke speaking speech visit visiting
    visited reporters press told announce announced discussions briefing signing hosted based headquartered
    headquarters born studied trained raised
    """
)
"""Words that make of a place where people confer, come from or speak, rather than where the event is."""

COMPASS: Final = _set(
    """
    north south east west northern southern eastern western central greater upper lower
    """
)

TRIGGERS: Final = {
    EventType.CEASEFIRE: _set(
        """
        ceasefire ceasefires cease truce truces armistice cessation pause lull hostilities
        """
    ),
    EventType.EVACUATION: _set(
        """
        evacuate evacuated evacuating evacuation evacuations evacuees evacuates leave
        """
    ),
    EventType.ATROCITY: _set(
        """
        killed killing kill kills dead massacre massacres massacred executed execution executions beheaded
        tortured torture genocide atrocity atrocities crimes crime bombing attack attacks died murdered murder
        raped slaughter slaughtered gassed shot
        """
    ),
    EventType.SOLIDARITY: _set(
        """
        solidarity vigil vigils silence stand stands stood standing march marched rally rallied gathered tribute
        support lit flags
        """
    ),
}
"""Words that tell of the event itself; the names nearest to them count most."""
