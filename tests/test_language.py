"""Which tweets are taken for English."""

from pathlib import Path

import numpy as np
import pytest

from positivity.text.language import EnglishDetector

SHARED = Path(__file__).parents[2] / "shared" / "data"
LABELLED_ENGLISH = {"semeval2016", "sanders", "dong2014", "tweet_sentiment_extraction"}

FOREIGN = {
    "af": [
        "Ek kan nie glo hoe lekker die kos gisteraand was nie",
        "Ons gaan môre see toe, wie kom saam?",
    ],
    "ar": ["الجو اليوم جميل جدا في المدينة", "لا أصدق أن الامتحان انتهى أخيرا"],
    "bn": ["আজকে সারাদিন বৃষ্টি হচ্ছে", "খেলাটা দারুণ ছিল!"],
    "ca": [
        "Avui hem esmorzat a la platja i feia molt de vent",
        "No m'agrada gens aquesta pel·lícula",
    ],
    "cs": ["Dneska mi zase ujel vlak, už mě to nebaví", "Děkuji všem za krásný večer"],
    "da": [
        "Jeg glæder mig helt vildt til weekenden",
        "Hvorfor er toget altid forsinket om mandagen?",
    ],
    "de": ["Ich habe heute den ganzen Tag geschlafen", "Der neue Film war leider total langweilig"],
    "el": ["Σήμερα έχει πολύ ωραίο καιρό", "Δεν αντέχω άλλο αυτή τη ζέστη"],
    "es": ["Hoy me ha salido el pan buenísimo", "¿Alguien sabe a qué hora empieza el partido?"],
    "et": ["Täna on nii ilus ilm, lähme välja", "Ma ei jaksa enam seda talve"],
    "fi": ["En jaksa enää odottaa kesälomaa", "Tänään oli ihan mahtava päivä ystävien kanssa"],
    "fr": ["Je suis trop contente de te revoir demain", "Encore en retard, merci les trains"],
    "he": ["איזה יום יפה היום", "אני לא מאמין שזה נגמר"],
    "hi": ["आज मौसम बहुत अच्छा है", "मुझे यह फिल्म बिल्कुल पसंद नहीं आई"],
    "hu": ["Ma végre megérkezett a csomagom", "Nem hiszem el, hogy megint esik az eső"],
    "id": [
        "Aku lagi males banget keluar rumah hari ini",
        "Selamat pagi semua, jangan lupa sarapan ya",
    ],
    "it": ["Oggi piove e non ho voglia di fare niente", "Che bella serata con gli amici!"],
    "ja": ["今日はとても楽しかったです", "電車がまた遅れてる…"],
    "ko": ["오늘 날씨가 정말 좋네요", "시험 망했다 ㅠㅠ"],
    "ms": ["Saya tak boleh tidur langsung malam tadi", "Makanan kat sini memang sedap sangat"],
    "nl": ["Wat een heerlijke dag aan het strand gehad", "Ik heb echt geen zin in maandag"],
    "no": ["Jeg gleder meg skikkelig til ferien", "Hvorfor er det alltid så kaldt her?"],
    "pl": ["Dzisiaj jest naprawdę piękna pogoda", "Nie mogę uwierzyć, że znowu przegraliśmy"],
    "pt": ["Não aguento mais esperar pelas férias", "Que saudade da comida da minha avó"],
    "ro": ["Nu pot să cred că a trecut deja un an", "Mâine plecăm la munte cu toată familia"],
    "ru": ["Сегодня был отличный день", "Опять опоздал автобус, надоело"],
    "sv": ["Jag längtar så mycket till sommaren", "Varför är bussen aldrig i tid?"],
    "sw": ["Leo nimefurahi sana kukutana na rafiki zangu", "Sijui kwa nini mvua haijanyesha bado"],
    "ta": ["இன்று மழை பெய்கிறது", "படம் மிகவும் நன்றாக இருந்தது"],
    "th": ["วันนี้อากาศดีมาก", "เบื่อรถติดจริงๆ"],
    "tl": ["Ang sarap ng ulam namin kanina", "Hindi ko alam kung bakit ang init ngayon"],
    "tr": ["Bugün hava çok güzel, dışarı çıkalım", "Yarın sınavım var ama hiç çalışmadım"],
    "uk": ["Сьогодні дуже гарна погода", "Дякую всім за привітання!"],
    "vi": ["Hôm nay trời đẹp quá, đi chơi thôi", "Tôi không thể tin được là đã hết phim"],
    "zh": ["今天天气真好，我们去公园吧", "这家餐厅太难吃了"],
}

ENGLISH = {
    "plain": [
        "I can't believe it's already Friday",
        "The new oven arrives on Tuesday.",
        "Why is nobody answering the phone?",
        "Not bad at all",
    ],
    "slang": [
        "lol omg smh",
        "ngl dat was lit af",
        "idk bout u but im done wit dis",
        "yall tripping fr",
    ],
    "typos": ["i liek this moive so mcuh", "teh best day evr", "definately comming tomorow"],
    "stretched": ["Soooooo happyyyyy", "NOOOOOOO WHYYYYYY", "yesssss finallyyyy"],
    "names": ["Kim Jong Un meets Angela Merkel", "José and Zoë are in São Paulo with Björn"],
    "hashtags": ["#BestDayEver", "#tbt #love #nofilter", "#goodvibesonly"],
    "other scripts in passing": ["that was fun ツ", "¯\\_(ツ)_/¯", "ಠ_ಠ really?"],
    "little to go by": ["ok", "lol", "haha", "yes!!", "wow", "thanks", "same", "hi", "no", "x"],
    "no words": [
        "",
        " ",
        "😂😂😂",
        "123 456",
        "10/10",
        "!!!",
        ":-)",
        "@a_b",
        "https://t.co/x",
        "🇫🇷👍🏽",
    ],
}

HOSTILE = ["\0", "a\0b\0c", "\ud800", "\udfff@", "http", "@", "\r\n\t", "İ" * 50, "\U0010ffff", "é"]


@pytest.fixture(scope="module")
def detector() -> EnglishDetector:
    return EnglishDetector.load()


@pytest.mark.parametrize("language", FOREIGN)
def test_other_languages_are_left_out(detector: EnglishDetector, language: str) -> None:
    kept = detector.is_english(FOREIGN[language])
    assert not kept.any(), [t for t, k in zip(FOREIGN[language], kept, strict=True) if k]


@pytest.mark.parametrize("kind", ENGLISH)
def test_english_stays_and_so_does_what_has_little_to_go_by(
    detector: EnglishDetector, kind: str
) -> None:
    kept = detector.is_english(ENGLISH[kind])
    assert kept.all(), [t for t, k in zip(ENGLISH[kind], kept, strict=True) if not k]


def test_mentions_and_links_do_not_count(detector: EnglishDetector) -> None:
    bare = detector.scores(["what a lovely morning"])
    dressed = detector.scores(["@straßenköter what a lovely morning https://beispiel.de/schöne"])
    assert dressed == pytest.approx(bare, abs=0.5)


def test_more_evidence_makes_surer(detector: EnglishDetector) -> None:
    few, many = detector.scores(["das ist", "das ist aber wirklich eine schöne Überraschung"])
    assert many < few


def test_a_score_is_the_same_in_any_batch(detector: EnglishDetector) -> None:
    texts = [t for group in (*FOREIGN.values(), *ENGLISH.values()) for t in group] + HOSTILE
    alone = np.concatenate([detector.scores([text]) for text in texts])
    together = detector.scores(texts * 20)
    assert np.array_equal(together, np.tile(alone, 20))
    assert np.array_equal(detector.scores(texts[::-1]), alone[::-1])


def test_no_texts_no_scores(detector: EnglishDetector) -> None:
    assert detector.scores([]).shape == (0,)
    assert detector.is_english([]).dtype == np.bool_
    assert detector.is_english([]).shape == (0,)


@pytest.mark.parametrize("text", [*HOSTILE, "word " * 100_000, "ß" * 300_000], ids=ascii)
def test_any_string_has_a_finite_score(detector: EnglishDetector, text: str) -> None:
    assert np.isfinite(detector.scores([text, text])).all()


def test_the_table_is_read_once_and_is_small() -> None:
    assert EnglishDetector.load() is EnglishDetector.load()
    table = Path(__file__).parents[1] / "positivity" / "text" / "data" / "english.npz"
    assert table.stat().st_size < 300_000


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no such file"), ("text\nlove", "cannot be read")],
)
def test_a_table_that_cannot_be_fitted_on_is_told_in_a_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str | None,
    message: str,
) -> None:
    from positivity.training import language

    monkeypatch.setattr(language, "_PACKAGES", ("json",))
    if content:
        (tmp_path / "labelled.parquet").write_text(content, encoding="utf-8")
    assert language.main([str(tmp_path), "--output", str(tmp_path / "table.npz")]) == 3
    (told,) = capsys.readouterr().err.splitlines()
    assert "labelled.parquet" in told
    assert message in told
    monkeypatch.setattr(language, "_PACKAGES", ("json", "nothing_of_this_name"))
    assert language.main([str(tmp_path)]) == 3
    assert "nothing_of_this_name: not installed" in capsys.readouterr().err


@pytest.mark.shared_data
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real tweets are not here")
def test_on_real_tweets(detector: EnglishDetector) -> None:
    from positivity.training.language import english_held_out, foreign_held_out, measure

    english = measure(detector, english_held_out(SHARED))
    assert {row.name for row in english} == LABELLED_ENGLISH
    assert all(row.kept >= 0.985 for row in english), english
    foreign = measure(detector, foreign_held_out(SHARED))
    assert len(foreign) == 7
    assert np.mean([row.kept for row in foreign]) <= 0.08, foreign
