"""The people of the sample environment: names in many scripts, where they live, and letters for their addresses."""

from __future__ import annotations

from msgspec import Struct


class Culture(Struct, frozen=True):
    """Names that go together. Each is followed by its letters for an address: ``Zoë:zoe``.

    ``share`` is how many of 64 people have them.
    """

    country: str
    dialling: str
    share: int
    cities: tuple[str, ...]
    given: str
    family: str


CULTURES = (
    Culture(
        "United States",
        "+1",
        18,
        ("Seattle", "Boston", "Austin", "New York"),
        "James:james Mary:mary Robert:robert Linda:linda Mary-Jane:maryjane Emma:emma Noah:noah Olivia:olivia",
        "Smith:smith Johnson:johnson O'Neill:oneill Brown:brown D'Angelo:dangelo Davis:davis McDonald:mcdonald Lee:lee",
    ),
    Culture(
        "Norway",
        "+47",
        7,
        ("Oslo", "Bergen", "Tromsø", "Ålesund"),
        "Søren:soren Åse:ase Bjørn:bjorn Mette:mette Øystein:oystein Ingrid:ingrid Kåre:kare Solveig:solveig",
        "Hansen:hansen Bjørnstad:bjornstad Ødegård:odegard Åsen:asen Nilsen:nilsen Sæther:sather Lie:lie Moe:moe",
    ),
    Culture(
        "Germany",
        "+49",
        7,
        ("Berlin", "München", "Köln", "Düsseldorf"),
        "Jürgen:juergen Greta:greta Jörg:joerg Käthe:kaethe Hans:hans Lena:lena Björn:bjoern Änne:aenne",
        "Müller:mueller Weiß:weiss Schröder:schroeder Becker:becker "
        "Köhler:koehler Größer:groesser Vogt:vogt Jäger:jaeger",
    ),
    Culture(
        "Spain",
        "+34",
        4,
        ("Madrid", "Málaga", "A Coruña", "Cádiz"),
        "José:jose Lucía:lucia Nuño:nuno Begoña:begona Álvaro:alvaro Inés:ines Íñigo:inigo María:maria",
        "Núñez:nunez García:garcia Ibáñez:ibanez Peña:pena López:lopez Muñoz:munoz Sáez:saez Gómez:gomez",
    ),
    Culture(
        "Romania",
        "+40",
        3,
        ("București", "Iași", "Timișoara", "Brașov"),
        "Ștefan:stefan Ioana:ioana Răzvan:razvan Ilinca:ilinca Mihăiță:mihaita Ana:ana Cătălin:catalin Țuța:tuta",
        "Țăranu:taranu Popescu:popescu Știrbu:stirbu Ionescu:ionescu Bălan:balan Mureșan:muresan Lupu:lupu Rusu:rusu",
    ),
    Culture(
        "Hungary",
        "+36",
        3,
        ("Budapest", "Győr", "Pécs", "Székesfehérvár"),
        "Győző:gyozo Zsófia:zsofia Ödön:odon Réka:reka Gergő:gergo Ágnes:agnes Tünde:tunde Béla:bela",
        "Kovács:kovacs Szűcs:szucs Tóth:toth Nagy:nagy Fülöp:fulop Őry:ory Varga:varga Kőműves:komuves",
    ),
    Culture(
        "Ukraine",
        "+380",
        3,
        ("Київ", "Львів", "Одеса", "Харків"),
        "Олена:olena Тарас:taras Ірина:iryna Андрій:andrii Оксана:oksana Юрій:yurii Соломія:solomiia Богдан:bohdan",
        "Шевченко:shevchenko Коваленко:kovalenko Мельник:melnyk Бойко:boiko "
        "Ткач:tkach Їжак:yizhak Гнатюк:hnatiuk Мороз:moroz",
    ),
    Culture(
        "Greece",
        "+30",
        2,
        ("Αθήνα", "Πάτρα", "Ηράκλειο", "Θεσσαλονίκη"),
        "Ελένη:eleni Δημήτρης:dimitris Μαρία:maria Γιώργος:giorgos Χρήστος:christos Ζωή:zoi Θάλεια:thalia Νίκος:nikos",
        "Παπαδόπουλος:papadopoulos Βλάχος:vlachos Νικολάου:nikolaou Ψαρράς:psarras Ξένος:xenos "
        "Λάμπρου:lamprou Δούκας:doukas Ρήγας:rigas",
    ),
    Culture(
        "Egypt",
        "+20",
        3,
        ("القاهرة", "الإسكندرية", "الجيزة", "أسوان"),
        "محمد:mohamed فاطمة:fatma أحمد:ahmed ليلى:layla عمر:omar سارة:sara يوسف:youssef مريم:mariam",
        "حسن:hassan الخطيب:elkhatib منصور:mansour السيد:elsayed نصر:nasr فؤاد:fouad عثمان:osman زكي:zaki",
    ),
    Culture(
        "Israel",
        "+972",
        2,
        ("תל אביב", "ירושלים", "חיפה", "באר שבע"),
        "נועה:noa דוד:david שירה:shira יוסי:yossi תמר:tamar אורי:uri מיכל:michal איתן:eitan",
        "כהן:cohen לוי:levi מזרחי:mizrahi פרץ:peretz ביטון:biton אברהם:avraham שפירא:shapira גל:gal",
    ),
    Culture(
        "China",
        "+86",
        4,
        ("北京", "上海", "成都", "广州"),
        "伟:wei 芳:fang 秀英:xiuying 娜:na 强:qiang 静:jing 梓涵:zihan 浩然:haoran",
        "王:wang 李:li 欧阳:ouyang 刘:liu 陈:chen 诸葛:zhuge 赵:zhao 黄:huang",
    ),
    Culture(
        "Japan",
        "+81",
        3,
        ("東京", "大阪", "札幌", "京都"),
        "美咲:misaki 翔太:shota さくら:sakura 健:ken ひなた:hinata 大輔:daisuke ユキ:yuki 葵:aoi",
        "田中:tanaka 佐藤:sato 髙橋:takahashi 渡邊:watanabe 鈴木:suzuki 小林:kobayashi 山口:yamaguchi 森:mori",
    ),
    Culture(
        "South Korea",
        "+82",
        2,
        ("서울", "부산", "대구", "제주"),
        "지훈:jihun 서연:seoyeon 민준:minjun 하은:haeun 도윤:doyun 수빈:subin 예준:yejun 지우:jiwoo",
        "김:kim 이:lee 박:park 최:choi 정:jung 남궁:namgung 강:kang 황보:hwangbo",
    ),
    Culture(
        "India",
        "+91",
        1,
        ("मुंबई", "दिल्ली", "पुणे", "जयपुर"),
        "प्रिया:priya अमित:amit कृष्ण:krishna नेहा:neha राज:raj श्रुति:shruti अर्जुन:arjun दीक्षा:diksha",
        "शर्मा:sharma सिंह:singh पटेल:patel कुमार:kumar गुप्ता:gupta वर्मा:verma मिश्रा:mishra जोशी:joshi",
    ),
    Culture(
        "Thailand",
        "+66",
        1,
        ("กรุงเทพฯ", "เชียงใหม่", "ภูเก็ต", "ขอนแก่น"),
        "สมชาย:somchai มาลี:malee กิตติ:kitti น้ำฝน:namfon ปิยะ:piya อรุณ:arun วรรณา:wanna ณัฐ:nat",
        "สุขใจ:sukjai ศรีสุข:srisuk ทองดี:thongdee ใจดี:jaidee แก้ว:kaew รัตนะ:rattana วงศ์:wong บุญมี:boonmee",
    ),
    Culture(
        "Vietnam",
        "+84",
        1,
        ("Hà Nội", "Đà Nẵng", "Huế", "Cần Thơ"),
        "Đặng:dang Hương:huong Tuấn:tuan Nguyệt:nguyet Dũng:dung Phượng:phuong Quốc:quoc Thảo:thao",
        "Nguyễn:nguyen Trần:tran Lê:le Phạm:pham Hoàng:hoang Vũ:vu Đỗ:do Bùi:bui",
    ),
)
PER_CULTURE = 8
