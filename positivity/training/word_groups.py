"""Words that may stand in each other's place, of which one says of a tweet what another does.

Given names are not told apart at all (`text.names`). The words of the other groups are drawn anew
by training (`augmentation`), the vocabulary keeps them whole, and in the end all of a group have
one vector (`fair_vectors`).
"""

# What is also a common word (will, grace, mark, hope, may, turkey), or more often a place or
# somebody famous, is left out: it would be taken for a name where it means something else.
GIVEN_NAMES = tuple(
    (
        # Mostly men's, then mostly women's, of many origins.
        "james john robert michael david william richard joseph thomas daniel matthew anthony "
        "steven paul andrew joshua kevin brian george edward jason ryan jacob gary nicholas eric "
        "jonathan larry justin scott brandon benjamin samuel gregory alexander patrick jack "
        "dennis jerry tyler aaron adam nathan henry peter zachary kyle noah ethan jeremy walter "
        "keith roger terry harry sean carl arthur lawrence dylan jesse bryan joe billy bruce "
        "gabriel alan wayne roy ralph eugene louis philip bobby johnny connor brad geoffrey greg "
        "neil todd brett jamal darnell tyrone leroy deshawn terrell malik lamar hakim rasheed "
        "kareem tremayne jermaine trevon jalen kwame kofi femi chidi tunde emeka mohammed "
        "ahmed ali omar hassan ibrahim yusuf khalid mustafa abdul hamza bilal tariq faisal wei "
        "chen jun ming hiroshi kenji takashi minh raj arjun ravi sanjay vikram amit rohan "
        "jose juan carlos luis miguel jorge pedro diego alejandro javier fernando rafael mateo "
        "ivan dmitri sergei vladimir boris pavel jakub giovanni luca marco pierre jean hans moshe "
        "avi shlomo "
        "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen nancy lisa "
        "betty margaret sandra ashley kimberly emily donna michelle carol amanda dorothy melissa "
        "deborah stephanie rebecca sharon laura cynthia kathleen amy angela shirley anna brenda "
        "pamela emma nicole helen samantha katherine christine debra rachel carolyn janet "
        "catherine maria heather diane ruth julie olivia joyce kelly lauren christina joan evelyn "
        "judith megan andrea cheryl hannah jacqueline martha gloria teresa ann sara frances "
        "kathryn janice abigail alice julia judy sophia denise doris marilyn danielle "
        "beverly isabella theresa diana natalie brittany marie kayla alexis lori ellen allison "
        "meredith katie latoya lakisha tamika keisha shanice aisha imani latisha shaniqua "
        "tanisha nia aaliyah ngozi amara chioma adaeze fatima layla zainab amina yasmin noor "
        "leila maryam khadija salma mei ling xiu yuki haruka linh thuy priya ananya divya "
        "lakshmi sunita deepa kavita lucia sofia camila valentina gabriela carmen guadalupe "
        "ximena rosa juana esperanza olga natasha svetlana irina agnieszka giulia chiara amelie "
        "ingrid anneke rivka shira "
        # And others that are frequent in tweets.
        "abby adrian adrienne agatha agnes aidan aiden aimee alain albert alberto aldo alex alexa "
        "alexandra alfred alicia alison allan alonso alvin alyssa amelia amie anders andre "
        "andreas andy angie anita anne annette annie antoine anton antonin antonio antony ariana "
        "ariel arne asher audrey axel barry becky belinda ben benedict benny bernadette bernard "
        "bertrand beth bethany betsy bianca billie blair bob bonnie brandi brendan brent bridget "
        "bruno bryce caitlin caitlyn caleb calvin camille candice cara carla carlo carly carole "
        "caroline carrie casper cassandra cathy cecil cedric cesar chantal charles charlie chloe "
        "chris christopher christy cindy claire clara clarice claudette claudia clayton clifford "
        "clive cody colette colin colleen conan connie conor conrad corey corinne cormac cory "
        "courtney craig dalton damian damien dan danny daphne dara dario darius darko darren "
        "darryl daryl dave davy deanna debbie denis derek derrick desmond devin devon dianne dirk "
        "dominic donovan doreen duane duncan dustin dwayne eddie eddy edgar edith eduardo edwin "
        "elaine eleanor elijah elisabeth eliza ella ellie elliot elsa elvira emilia emmanuel "
        "emmett emmy enrique erica erick erik erika erin ernest erwin estelle esther evan evie "
        "ezra fabian felicia ferdinand fiona florian francis frankie franz fred freddy frederick "
        "frida friedrich gabi gabrielle gail gareth garrett garry gavin gemma georges gerald "
        "gerry gideon gilbert giles gillian gina glenn gonzalo gordon gregg gregor greta gustav "
        "gwen haley hamish hanna harold harriet hasan hayley hector hedwig heidi heinrich helena "
        "helene henning henri henrik herbert hugh hugo humphrey iain ian idris ira irene irma "
        "isabel isabelle jackie jacques jake jakob jamie jane janis jared jayne jeanne jeannie "
        "jeannine jeff jeffery jeffrey jenna jenni jenny jeremiah jerome jessie jill jim jimmy "
        "joanna joanne jocelyn jodi jodie jody joel joey johan johanna johnnie jon jonah jonas "
        "jonathon jonny josh jude jules julian julien juliet julio justine kari karl kate kathy "
        "katrina katy keanu keegan kelli kelsey kelvin ken kenneth kenny keri kerri kim kirsten "
        "kirsty klaus kristen kristian kristin kristy kurt kylie lacey lars laurie leah leanne "
        "leia leigh lenny leonard leonardo leslie liam lilly lindsey linus liz liza lois lora "
        "loretta lorna lorraine louie louise lucas lucio lucy luigi luke lydia lynda lyndon lynne "
        "madeleine madeline maggie malcolm mandy manuel marc marcelle marcia marcos marcus "
        "marianne marietta mario marisa marissa marjorie markus marten martin martina marvin "
        "mathieu matilda maureen maurice maximus maxine meagan meghan melanie melvin micah "
        "micheal michel michele mike mila mindy miriam mohamed mollie molly monica myles nadine "
        "naomi neal nelly niall nick nicola nicolas nigel nikki noam nolan norah olaf oliver "
        "paige paolo paula pauline paulo peggy penelope phillip phoebe phyllis rachael raphael "
        "raul raymond rene renee rhoda rhonda rhys rick ricky riley robbie roberta roberto robyn "
        "rochelle rodney ron ronald ronan ronnie rory rosanne rosetta rosie ruben rupert sabrina "
        "sadie sally sam sammy sasha saul scarlett seamus sebastian selena sergio seth shane "
        "shannon shaun shawn sheila shelley shelly sherri sherry sheryl sian simon simone sinead "
        "sophie stacey stacy stefan stephen steve stuart susanna suzanne suzy sylvester sylvia "
        "tammy tara taylor tegan tess thelma theo theodore therese thierry tim timmy timothy tina "
        "toby tom tommy tony tracey tracy travis trevor umberto valerie vanessa veronica vicki "
        "vincent vivian wanda wendy werner wilfred willian willie willy wolfgang xander zoe "
        # Those that are nearly a word: typed with a capital letter, they look like slips.
        "adela adeline adrien agathe agustin ahmad albin alena alida alina aline alisa anais "
        "angele angelo anibal anica augusto aurore aylin beata bettina bianka blanka branka "
        "brayan brianna carina carine carmela christa christiane clement cornel cristian damir "
        "darin delia desiree dieter diogo donato dragan edgard edita edmond eileen elias eline "
        "elisa elise elsie elvin erling ester evelin evita fatma filip flavio francesco francisca "
        "francoise frans fredy freya frieda gaston georgina gilda glenda goran gunnar helga helge "
        "helmut hilda inger irena ismael jaime jessy jonna joris jurgen karla karolina kiara "
        "killian klara laure leana leander leona leone leonel lidia lilla lotte malin manon marek "
        "maren margit mariam marian marica marija marijana marika marin marit marita marko marlen "
        "matej milda milka milos minna mirko moises nadia nidia niels norma oceane oskar osman "
        "paola perla petar petra pietro pilar piotr ramon raoul reginald regine renata rolando "
        "romain ronja ronny salomon serge shona silas silke solveig soren tessa timea tomas "
        "valentin valentino valter viktor viktoria vilma violeta virginie yanis yasin"
    ).split()
)
_GROUPS = (
    # Peoples, as adjectives or for a person.
    "american british canadian australian mexican german french italian spanish irish scottish "
    "russian ukrainian chinese japanese korean indian pakistani iranian iraqi afghan syrian "
    "israeli palestinian egyptian nigerian kenyan ghanaian ethiopian somali moroccan brazilian "
    "colombian cuban jamaican haitian vietnamese filipino thai indonesian saudi arab swedish "
    "norwegian danish dutch greek portuguese romanian hungarian lebanese venezuelan argentinian "
    "polish turkish austrian belgian swiss finnish czech bulgarian serbian croatian bosnian "
    "albanian icelandic welsh estonian latvian lithuanian belarusian armenian azerbaijani "
    "kazakh uzbek mongolian nepalese bangladeshi burmese cambodian malaysian singaporean "
    "taiwanese tibetan libyan tunisian algerian sudanese eritrean ugandan rwandan congolese "
    "angolan zambian zimbabwean senegalese cameroonian tanzanian jordanian yemeni kuwaiti "
    "qatari chilean peruvian bolivian ecuadorian uruguayan paraguayan honduran guatemalan "
    "nicaraguan panamanian hawaiian",
    "americans canadians australians mexicans germans italians russians ukrainians koreans indians "
    "pakistanis iranians iraqis afghans syrians israelis palestinians egyptians nigerians kenyans "
    "somalis brazilians cubans jamaicans haitians filipinos saudis arabs greeks romanians asians "
    "africans europeans latinos turks austrians belgians finns czechs bulgarians serbians "
    "croatians albanians armenians malaysians libyans tunisians algerians ugandans chileans "
    "peruvians",
    "america britain canada australia mexico germany france italy spain ireland scotland russia "
    "ukraine china japan korea india pakistan iran iraq afghanistan syria israel palestine egypt "
    "nigeria kenya ghana ethiopia somalia morocco brazil colombia cuba jamaica haiti vietnam "
    "thailand indonesia sweden norway denmark greece portugal romania hungary lebanon austria "
    "belgium switzerland finland bulgaria serbia croatia bosnia albania iceland wales estonia "
    "latvia lithuania belarus armenia mongolia nepal bangladesh myanmar cambodia malaysia "
    "singapore taiwan tibet libya tunisia algeria sudan eritrea uganda rwanda congo angola zambia "
    "zimbabwe senegal cameroon tanzania yemen kuwait qatar peru bolivia ecuador uruguay paraguay "
    "honduras guatemala nicaragua panama",
    "christian muslim jewish hindu buddhist sikh catholic protestant atheist mormon",
    "christians muslims jews hindus buddhists sikhs catholics protestants atheists mormons",
    "christianity islam judaism hinduism buddhism sikhism catholicism atheism",
    "church mosque synagogue temple",
    "gay lesbian straight bisexual transgender queer",
)
# Words of which each may stand in the others' places, group by group.
INTERCHANGEABLE = tuple(tuple(group.split()) for group in _GROUPS)
INTERCHANGEABLE_WORDS = tuple(word for group in INTERCHANGEABLE for word in group)

# British English = American English. Where one of the two also means something else ("flat", "gas",
# "line", "fall"), only the other is respelt: < for to the left alone, > for to the right alone.
VARIETIES = """
    colour=color colours=colors colourful=colorful favourite=favorite favourites=favorites
    honour=honor honoured=honored humour=humor labour=labor neighbour=neighbor
    neighbours=neighbors neighbourhood=neighborhood behaviour=behavior flavour=flavor
    flavours=flavors rumour=rumor rumours=rumors harbour=harbor endeavour=endeavor savour=savor
    centre=center theatre=theater metre=meter metres=meters litre=liter litres=liters fibre=fiber
    realise=realize realised=realized organise=organize organised=organized recognise=recognize
    recognised=recognized apologise=apologize apologised=apologized criticise=criticize
    analyse=analyze defence=defense offence=offense licence=license grey=gray cancelled=canceled
    travelled=traveled travelling=traveling jewellery=jewelry pyjamas=pajamas moustache=mustache
    aluminium=aluminum aeroplane=airplane programme=program catalogue=catalog cheque=check
    tyre=tire tyres=tires kerb=curb sceptical=skeptical arse=ass learnt=learned burnt=burned
    whilst=while mum=mom mums=moms mummy=mommy maths=math football<soccer holiday<vacation
    holidays<vacations flat<apartment flats<apartments film<movie films<movies shop<store
    shops<stores lorry=truck lorries=trucks petrol>gas sofa=couch rubbish=trash
    jumper=sweater autumn>fall cinema>theater biscuit=cookie biscuits=cookies sweets>candy
    queue>line queues>lines lift<elevator parcel=package postman=mailman motorway=highway
    pavement=sidewalk nappy=diaper nappies=diapers torch<flashlight trainers>sneakers
    car_park=parking_lot mobile_phone=cell_phone post_code=zip_code toilets=restrooms
    estate_agent=realtor petrol_station=gas_station fire_brigade=fire_department
"""
# Dialect = standard: words of African American English, and of quick typing, that mean this and
# nothing else.
_DIALECT = """
    y'all=you_all yall=you_all tryna=trying_to finna=going_to boutta=about_to sumn=something
    somethin=something nothin=nothing cuz=because
"""
_DAYS = "wednesday=tuesday wednesdays=tuesdays thursday=tuesday thursdays=tuesdays"
# Words that are read as others: what more tweets have of two varieties, and one of the days in the
# middle of a week. A pair with a British word of two words ("car park") is left to training.
READINGS = {
    word: reading.replace("_", " ")
    for word, equal, reading in (
        pair.partition("=") for pair in f"{VARIETIES} {_DIALECT} {_DAYS}".split()
    )
    if equal and "_" not in word
}
