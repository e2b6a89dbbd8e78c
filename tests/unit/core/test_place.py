"""Where an event happened: traps of English news, one made-up passage each, and properties of the finder."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.core.eventtypes import EventType
from detector.core.gazetteer import DATA_FILE, read_gazetteer
from detector.core.place import NO_PLACE, REASONS, GazetteerPlaceFinder
from detector.core.records import Article, Evidence, Finding, Place

ROOT = Path(__file__).parents[3]
FINDER = GazetteerPlaceFinder(read_gazetteer((ROOT / "detector" / "data" / DATA_FILE).read_bytes()))


def locate(
    text: str, *, title: str | None = None, kind: EventType = EventType.ATROCITY, evidence: str | None = None
) -> tuple[Place | None, str | None]:
    """Locate a finding whose evidence is the given part of the text, or its first line."""
    sentence = evidence or text.split("\n", 1)[0]
    start = text.index(sentence)
    return FINDER.locate(Article(id="a", text=text, title=title), finding(sentence, start, start + len(sentence), kind))


def finding(sentence: str, start: int, end: int, kind: EventType = EventType.ATROCITY) -> Finding:
    """Return a finding with one evidence sentence."""
    quoted = Evidence(field="text", start=start, end=end, sentence=sentence, confidence=0.9)
    return Finding(type=kind, status="reported", confidence=0.9, threshold=0.5, evidence=(quoted,), why=())


A, C, E, S = EventType.ATROCITY, EventType.CEASEFIRE, EventType.EVACUATION, EventType.SOLIDARITY

CASES: tuple[tuple[EventType, str, str | None, str | None], ...] = (
    # plain places
    (A, "Gunmen killed twelve villagers in northern Mali on Friday.", "ML", "Mali"),
    (A, "A market in Maiduguri was bombed, killing nine traders.", "NG", "Maiduguri"),
    (E, "Hundreds were moved out of Goma as lava approached.", "CD", "Goma"),
    (E, "Residents of Lviv were told to leave their homes.", "UA", "Lviv"),
    (C, "The ceasefire took hold around Donetsk overnight.", "UA", "Donetsk"),
    (E, "Families were evacuated from the Iraqi city of Mosul.", "IQ", "Mosul"),
    (A, "Shells fell on the besieged Syrian town of Douma, killing ten.", "SY", "Douma"),
    (A, "Barrel bombs struck al-Bab, activists said.", "SY", "al-Bab"),
    (A, "Troops shot dead seven detainees in Khan Sheikhoun.", "SY", "Khan Sheikhoun"),
    (E, "Buses left Foua with the wounded on board.", "SY", "Foua"),
    # the most precise place of the winning country
    (A, "Soldiers burned huts in the village near Nyala in Darfur, Sudan.", "SD", "Nyala"),
    (E, "Coastal towns in Queensland, Australia, were emptied before the cyclone.", "AU", "Queensland"),
    (A, "Six people were killed in Grozny, capital of Chechnya.", "RU", "Grozny"),
    # country and state of one name
    (C, "Russia and Georgia agreed to stop fighting around Tskhinvali.", "GE", "Tskhinvali"),
    (E, "Residents of Savannah, Georgia, were ordered inland.", "US", "Savannah"),
    (E, "The governor told coastal counties in Georgia to leave; Atlanta opened its stadiums.", "US", None),
    (C, "Georgia accused Moscow of breaking the truce in South Ossetia.", "GE", None),
    # names of people
    (A, "Michael Jordan gave to the families after six were shot dead in Chicago.", "US", "Chicago"),
    (A, "Chad Miller watched as the gunman killed eight in Dayton.", "US", "Dayton"),
    (A, "Israel Gomez lost his sister when soldiers fired on the crowd in Caracas.", "VE", "Caracas"),
    (S, "Paris Hilton lit a candle at a vigil in Manchester.", "GB", "Manchester"),
    (A, "Mr Lincoln said five had died in the bombing in Nairobi.", "KE", "Nairobi"),
    (A, "Sydney Smith saw the massacre in Bangui.", "CF", "Bangui"),
    (S, "Florence Okello led the silent march in Kampala.", "UG", "Kampala"),
    (A, "Jordan Peters told the court what was done to prisoners in Benghazi.", "LY", "Benghazi"),
    # country named like a person, meant as a country
    (E, "The injured were flown out of Jordan after the blast.", "JO", "Jordan"),
    (A, "Raiders killed thirty herders in eastern Chad.", "TD", "Chad"),
    (A, "Rockets fired at a school in southern Israel killed five pupils.", "IL", "Israel"),
    (E, "Thousands left their homes after the quake in eastern Turkey.", "TR", "Turkey"),
    # governments, not places
    (C, "Washington said the truce in Yemen must hold.", "YE", "Yemen"),
    (C, "Moscow has called for a pause in Aleppo.", "SY", "Aleppo"),
    (C, "Beijing urged both sides to stop fighting in northern Myanmar.", "MM", "Myanmar"),
    (A, "The Kremlin denied that its planes had killed civilians in Idlib.", "SY", None),
    (A, "The White House blamed the government for the gas attack in Ghouta.", "SY", None),
    (C, "Ankara and Tehran agreed to guarantee the truce in Idlib.", "SY", None),
    (A, "London accused the junta of war crimes in Sagaing.", "MM", "Sagaing"),
    (C, "Russia said the ceasefire in Syria would be extended.", "SY", "Syria"),
    (C, "The United States and France want a truce in Lebanon.", "LB", "Lebanon"),
    (C, "The ceasefire in Libya was announced after talks in Geneva.", "LY", "Libya"),
    (C, "Mediators meeting in Doha hope for a truce in Gaza.", "PS", "Gaza Strip"),
    (C, "The UN tightened sanctions on Russia over the broken truce in Ukraine.", "UA", "Ukraine"),
    # capitals as places
    (S, "Thousands held a silent vigil in Washington.", "US", "Washington"),
    (A, "A bomb on the metro in Moscow killed thirty-nine passengers.", "RU", "Moscow"),
    (S, "Crowds gathered in central London to stand with the refugees.", "GB", "London"),
    # outlets, bodies, teams, treaties
    (A, "The New York Times reported that monks were beaten to death in Mandalay.", "MM", "Mandalay"),
    (A, "BBC London heard that eleven had been executed in Kabul.", "AF", "Kabul"),
    (A, "The Jerusalem Post said the massacre in Juba was denied.", "SS", "Juba"),
    (A, "The Washington Post found mass graves near Tikrit.", "IQ", "Tikrit"),
    (S, "Paris Saint-Germain players held a minute's silence in Lisbon.", "PT", "Lisbon"),
    (S, "The Bank of England lit its front blue for the people of Kyiv.", "UA", None),
    (A, "Under the Geneva Conventions the killing of prisoners in Tuzla is a crime.", "BA", "Tuzla"),
    (A, "Islamic State of Iraq and Syria fighters beheaded captives in Sirte.", "LY", "Sirte"),
    (A, "The Britain-based monitor said six had been killed in Homs.", "SY", "Homs"),
    # nationality of the actor against the place
    (A, "Russian warplanes bombed Aleppo, killing fourteen.", "SY", "Aleppo"),
    (A, "An Israeli strike on Gaza killed a family of nine.", "PS", "Gaza Strip"),
    (A, "The US-led coalition killed twenty civilians in Raqqa.", "SY", "Raqqa"),
    (A, "Saudi jets struck a wedding in Hodeidah, killing dozens.", "YE", "Hodeidah"),
    (A, "Turkish shelling killed five children in Afrin.", "SY", "Afrin"),
    (A, "Ethiopian soldiers executed young men in Tigray.", "ET", "Tigray"),
    (A, "A French tourist and two British students were among ten killed in Tunis.", "TN", "Tunis"),
    (A, "Rwandan-backed rebels massacred villagers in North Kivu.", "CD", "North Kivu"),
    (E, "American citizens were flown out of Sudan by helicopter.", "SD", "Sudan"),
    (E, "The US embassy in Juba was evacuated.", "SS", "Juba"),
    (A, "Israel's renewed offensive in Lebanon killed thirty.", "LB", "Lebanon"),
    # nationality as the only hint
    (C, "Syrian rebels rejected the truce on Monday.", "SY", "Syria"),
    (A, "Filipino villagers were hacked to death at dawn.", "PH", "Philippines"),
    (A, "The Burmese army burned forty houses with people inside.", "MM", "Myanmar"),
    (C, "The Taliban announced a three-day pause for the holiday.", "AF", "Afghanistan"),
    (C, "Houthi fighters broke the ceasefire within hours.", "YE", "Yemen"),
    # towns of the same name
    (S, "A candle-lit march was held in Birmingham, Alabama.", "US", "Birmingham"),
    (S, "A candle-lit march was held in Birmingham.", "GB", "Birmingham"),
    (E, "A tyre fire emptied streets in Paris, Texas.", "US", "Paris"),
    (E, "The flood drove people from homes in London, Ontario.", "CA", "London"),
    (C, "Militias in Tripoli, in northern Lebanon, agreed on a truce.", "LB", "Tripoli"),
    (C, "Libyan militias in Tripoli agreed on a truce.", "LY", "Tripoli"),
    (A, "A bomb killed twenty shoppers in Hyderabad, Pakistan.", "PK", "Hyderabad"),
    (A, "Five officers were killed in Roseburg, Ore., the sheriff said.", "US", "Roseburg"),
    (S, "Neighbours lit candles in Newtown, Conn.", "US", "Newtown"),
    (S, "Flags flew at half-staff in Sutherland Springs, TX, on Monday.", "US", None),
    # words that are towns, and towns that are words
    (A, "A lorry driven into the crowd in Nice killed 86 people.", "FR", "Nice"),
    (A, "Police said ten of the dead in Karachi were students.", "PK", "Karachi"),
    (E, "Orange smoke hung over Bath Street as the school in Perth was cleared.", "AU", "Perth"),
    (S, "In March a vigil was held in Reading.", "GB", "Reading"),
    # parts and special territories
    (A, "Gunmen killed six men in a pub in Northern Ireland.", "GB", "Northern Ireland"),
    (E, "A gas leak emptied forty houses in Scotland.", "GB", "Scotland"),
    (S, "A minute's silence was kept across Wales.", "GB", "Wales"),
    (S, "Tens of thousands marched in Hong Kong for the students.", "HK", "Hong Kong"),
    (A, "Troops shot dead three men in the occupied West Bank.", "PS", "West Bank"),
    (A, "Forty-five bodies were found at Racak in Kosovo.", "XK", "Racak"),
    (A, "Civilians were executed in Indian-administered Kashmir.", "IN", "Kashmir"),
    (C, "The truce in Nagorno-Karabakh broke down.", "AZ", "Nagorno-Karabakh"),
    (E, "People were bused out of Crimea.", "UA", "Crimea"),
    # old names
    (A, "Troops fired on monks in Rangoon, Burma.", "MM", "Yangon"),
    (A, "Hutu refugees were massacred in eastern Zaire.", "CD", None),
    (E, "The town near Chernobyl in the Soviet Union was emptied in an afternoon.", "UA", "Chernobyl"),
    (C, "The truce in Yugoslavia lasted two hours.", "RS", "Serbia"),
    (S, "Crowds in East Germany stood in silence for the dead.", "DE", "Germany"),
    # from, to, with, for
    (E, "The wounded were evacuated from Gaza to Egypt.", "PS", "Gaza Strip"),
    (S, "A vigil for the victims of the Nairobi siege was held in Oslo.", "NO", "Oslo"),
    (S, "The United States stands with Japan, the statement said.", "US", "United States"),
    (C, "Fighting between Israel and Hezbollah stopped at dawn in southern Lebanon.", "LB", None),
    # noun before the event
    (A, "Eleven have been charged over the Paris attacks.", "FR", "Paris"),
    (C, "The Gaza truce was extended by a day.", "PS", "Gaza Strip"),
    # case and typing
    (A, "GUNMEN KILLED TWELVE WORSHIPPERS IN A MOSQUE IN QUETTA, PAKISTAN.", "PK", "Quetta"),
    (E, "officials told residents of port-au-prince, haiti to leave low ground.", "HT", None),
    (A, "the massacre in srebrenica was the worst in europe since the war.", "BA", "Srebrenica"),
    (A, "At least 12 were killed in Syrias Idlib, a monitor said.", "SY", None),
    (A, "The dead in Kyïv and Malé were counted; most fell in Kyiv.", "UA", "Kyiv"),
    # gestures are where they are made
    (S, "The Brandenburg Gate was lit in blue and yellow for the people of Ukraine.", "DE", "Berlin"),
    (S, "Hundreds stood outside Downing Street in silence for the victims of the war in Sudan.", "GB", "London"),
    (S, "Students at Columbia University held a vigil for the children killed in Gaza.", "US", "New York City"),
    (S, "St Peter's Square fell silent for the dead of Beirut.", "VA", "Vatican City"),
    (S, "Paris's Eiffel Tower will be dark tonight in solidarity with the people of Manchester.", "FR", "Paris"),
    (S, "The tower went dark as Paris switched off its lights for the people of Aleppo.", "FR", "Paris"),
    (S, "As Rome dimmed the Colosseum, the mayor spoke of solidarity with Syria.", "IT", "Rome"),
    (S, "The Old City walls were lit with the French flag after the attack in Nice.", "IL", "Jerusalem"),
    (S, "At Niagara Falls, the water was lit green for the dead of Lahore.", "CA", "Niagara Falls"),
    (S, "Canada stands with Ukraine, the minister said.", "CA", "Canada"),
    (S, "Melbourne stands with Christchurch, read the banner.", "AU", "Melbourne"),
    (S, "Downing Street said that Britain stands with the people of Turkey.", "GB", None),
    (S, "THE EMPIRE STATE BUILDING WENT DARK IN SOLIDARITY WITH THE PEOPLE OF SRI LANKA.", "US", "New York City"),
    (S, "the burj khalifa was lit in the colours of lebanon in solidarity with beirut.", "AE", "Dubai"),
    # landmarks are places of other events only where something happens at them
    (A, "A bomb exploded near the Blue Mosque, killing ten tourists.", "TR", "Istanbul"),
    (A, "The London Bridge attack killed eight.", "GB", "London"),
    (A, "The president, a graduate of Harvard University, said soldiers had killed thirty in Goma.", "CD", "Goma"),
    # truces are kept where the armed groups fight
    (C, "France called on Israel to accept the truce with Hezbollah.", "LB", "Lebanon"),
    (C, "Israel and Hamas traded blame for the collapse of the truce.", "PS", None),
    (C, "Biden told Netanyahu that Hamas must accept the ceasefire.", "PS", None),
    (C, "The minister said that pressure on Russia would go on until a ceasefire in Ukraine.", "UA", "Ukraine"),
    # nothing to find
    (A, "The men were beaten for hours and one of them died.", None, None),
    (E, "everyone was told to leave the building at once.", None, None),
    (C, "Both sides said that they would respect the pause.", None, None),
    (S, "A bath, a mobile phone and a nice view: reading in march.", None, None),
)


@pytest.mark.parametrize(("kind", "text", "country", "name"), CASES, ids=[case[1][:60] for case in CASES])
def test_place_of_a_sentence(kind: EventType, text: str, country: str | None, name: str | None) -> None:
    place, reason = locate(text, kind=kind)
    assert (place.country if place else None) == country
    assert (reason is None) == (place is not None)
    assert name is None or (place is not None and place.name == name)


def test_agency_dateline_gives_way_to_the_place_of_the_story() -> None:
    text = "LONDON (Reuters) - At least 30 people were killed when a ferry dock in Odesa was shelled on Sunday."
    place, _ = locate(text, evidence=text)
    assert place is not None and (place.name, place.country) == ("Odesa", "UA")


def test_dateline_is_the_place_where_nothing_else_is_named() -> None:
    text = "PESHAWAR (AP) - A suicide bomber killed forty worshippers on Friday."
    place, _ = locate(text, evidence=text)
    assert place is not None and (place.name, place.country) == ("Peshawar", "PK")


def test_neighbouring_sentence_tells_where() -> None:
    text = "Fighting reached the outskirts of Taiz on Sunday. The hospital was emptied within an hour."
    place, _ = locate(text, kind=E, evidence="The hospital was emptied within an hour.")
    assert place is not None and place.country == "YE"


def test_title_tells_where() -> None:
    place, _ = locate("Twelve people were lined up and shot.", title="Massacre in Guatemala")
    assert place is not None and place.country == "GT"


def test_lead_tells_where_when_the_evidence_is_far_down() -> None:
    filler = "Traders said that the price of bread had not changed for weeks and that nobody knew why it should. " * 12
    text = f"Rebels entered Bamako on Monday. {filler}They shot their prisoners against a wall."
    place, _ = locate(text, evidence="They shot their prisoners against a wall.")
    assert place is not None and place.country == "ML"


def test_far_text_is_not_guessed_from() -> None:
    filler = "Traders said that the price of bread had not changed for weeks and that nobody knew why it should. " * 12
    text = f"They shot their prisoners against a wall. {filler}Rebels entered Bamako on Monday."
    assert locate(text, evidence="They shot their prisoners against a wall.") == (None, NO_PLACE)


def test_name_near_the_trigger_counts_more() -> None:
    text = (
        "Envoys in Nairobi, who had come from Cairo and spoken at length about trade, debt and the price of maize, "
        "were told that gunmen had killed nine people in Garissa, while in Bujumbura the rains had come early."
    )
    place, _ = locate(text, evidence=text)
    assert place is not None and place.name == "Garissa"


@pytest.mark.parametrize(
    ("file", "start", "name", "country"),
    [
        ("01-aleppo", "The Eiffel Tower", "Paris", "FR"),
        ("07-sydney-fiji", "SYDNEY - ", "Sydney", "AU"),
        ("07-sydney-fiji", '"Tonight Sydney', "Sydney", "AU"),
        ("15-lyon-vigil", "LYON, France", "Lyon", "FR"),
    ],
)
def test_solidarity_of_seed_articles(file: str, start: str, name: str, country: str) -> None:
    article = json.loads((ROOT / f"seeds/articles/{file}.json").read_text(encoding="utf-8"))
    text = article["text"]
    sentence = text[text.index(start) :].split("\n", 1)[0]
    place, _ = locate(text, title=article["title"], kind=S, evidence=sentence)
    assert place is not None and (place.name, place.country) == (name, country)


def test_later_mention_of_a_person_by_surname_is_no_place() -> None:
    text = "Hamilton Jordan wept. Jordan said that eleven pupils had been killed in Beslan."
    place, _ = locate(text, evidence="Jordan said that eleven pupils had been killed in Beslan.")
    assert place is not None and place.country == "RU"


def test_evidence_in_the_title() -> None:
    title = "TEN KILLED IN BAGHDAD MARKET"
    quoted = Evidence(field="title", start=0, end=len(title), sentence=title, confidence=0.9)
    found = Finding(type=A, status="reported", confidence=0.9, threshold=0.5, evidence=(quoted,), why=())
    place, _ = FINDER.locate(Article(id="a", text="Details were few.", title=title), found)
    assert place is not None and place.name == "Baghdad"


def test_country_has_coordinates_inside_it() -> None:
    place, _ = locate("Gunmen killed twelve villagers in Mali.")
    assert place is not None and place.precision == "country"
    assert 10 < place.lat < 25 and -13 < place.lon < 5


def test_precision_is_that_of_the_name() -> None:
    assert [found.precision for found, _ in map(locate, ("Ten died in Homs.", "Ten died in Darfur.")) if found] == [
        "city",
        "region",
    ]


def test_no_place_has_a_reason_of_the_closed_list() -> None:
    assert locate("Nobody knew who had done it.") == (None, NO_PLACE)


def test_no_evidence_is_no_error() -> None:
    found = Finding(type=A, status="reported", confidence=0.9, threshold=0.5, evidence=(), why=())
    place, _ = FINDER.locate(Article(id="a", text="Ten people were shot dead in Lima."), found)
    assert place is not None and place.country == "PE"


@pytest.mark.parametrize("text", ["Ten were shot in Kandahar.", "The truce in Darfur held.", "Nobody was hurt."])
def test_place_does_not_depend_on_where_the_sentence_stands(text: str) -> None:
    filler = "The price of bread fell again. "
    answers = {locate(filler * count + text, evidence=text) for count in (0, 1, 7, 40)}
    assert len(answers) == 1


@settings(max_examples=150, deadline=None)
@given(
    st.text(max_size=300),
    st.text(max_size=60) | st.none(),
    st.integers(0, 300),
    st.integers(0, 300),
    st.sampled_from(EventType),
)
def test_odd_text_never_raises_and_the_answer_repeats(
    text: str, title: str | None, start: int, length: int, kind: EventType
) -> None:
    article = Article(id="a", text=text, title=title)
    found = finding(text[start : start + length], min(start, len(text)), min(start + length, len(text)), kind)
    place, reason = FINDER.locate(article, found)
    assert (place is None) == (reason in REASONS)
    assert FINDER.locate(article, found) == (place, reason)


WORDS = st.sampled_from(
    [
        "in",
        "at",
        "of",
        "the",
        "Syria",
        "Russian",
        "said",
        ",",
        ".",
        "Georgia",
        "Jordan",
        "U.S.",
        "'s",
        "-",
        "Paris",
        "TX",
        "AND",
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, max_size=40))
def test_any_run_of_names_and_cues_is_answered(parts: list[str]) -> None:
    text = " ".join(parts)
    place, reason = FINDER.locate(Article(id="a", text=text), finding(text, 0, len(text)))
    assert (place is None) != (reason is None)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(("they", "were", "shot", "while", "the", "men", "slept", "and", "nobody", "came")), min_size=1
    )
)
def test_text_without_places_has_none(parts: list[str]) -> None:
    assert locate(" ".join(parts).capitalize()) == (None, NO_PLACE)
