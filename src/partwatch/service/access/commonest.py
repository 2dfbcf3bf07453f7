"""What is tried first of all as a password, as far as it is long enough to be one here.

Of what every published list of leaked passwords begins with; shorter ones are refused for their length.
"""

from __future__ import annotations

from typing import Final

# With digits and signs behind them they are tried next.
_STEMS: Final = """
    password passwordpassword passw0rd passwort motdepasse contrasena senha welcome welcomewelcome letmein
    letmeinletmein administrator administrateur admin adminadmin root superuser changeme changemenow
    changeit default partwatch partwatchpartwatch iloveyou iloveyouforever princess sunshine football
    baseball basketball superman batman dragon monkey master trustno qwerty qwertyqwerty qwertyuiop
    qwertzuiop azertyuiop asdfghjkl zxcvbnm abc abcdef abcdefgh secret secretsecret test testtest
    testtesttest guest guestguest user username mypassword thepassword newpassword temporary temppassword
    whatever computer internet starwars pokemon summer winter spring autumn company printshop printer
    service login loginlogin hello hellohello helloworld google facebook microsoft samsung
"""
COMMON_STEMS: Final = frozenset(_STEMS.split())
_WHOLE: Final = """
    1q2w3e4r5t6y 1q2w3e4r5t6y7u 1qaz2wsx3edc 1qaz2wsx3edc4rfv zaq12wsxcde3 q1w2e3r4t5y6 qazwsxedcrfv
    qazwsx123456 qwe123qwe123 qwer1234qwer 123qweasdzxc 1234qwerasdf qweasdzxc123 asdf1234asdf a1b2c3d4e5f6
    abcd1234abcd 1234567890ab 123456abcdef abcdef123456 123456qwerty qwerty123456 12345qwertyui
    147258369147 123654789123 112233445566 121212121212 123123123123 111222333444 987654321987 159753159753
    123456789abc 123456789qwe 1234567891011 12345678910 123456789123 1234567890123 iloveyou1234 loveyou12345
    p@ssw0rd1234 p@ssword1234 pa$$word1234 passw0rd1234 pass1234word 1password123 123password123 letmein12345
    correcthorsebatterystaple thisisapassword thisismypassword iamtheadministrator
"""
COMMONEST: Final = frozenset(_WHOLE.split()) | {"correct horse battery staple"}
# Keyboards' rows and the alphabet, there and back, as far as one runs along them.
_RUNS: Final = (
    "1234567890123456789012345678901234567890", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm", "azertyuiopqsdfghjklmwxcvbn",
    "qwertyuiop1234567890", "1234567890qwertyuiop", "asdfghjkl;'qwertyuiop", "0123456789abcdef",
)  # fmt: skip
ROWS: Final = (*_RUNS, *(run[::-1] for run in _RUNS))
