"""Shares of a recovery key: n people have one each, any m of them open the kit together, fewer learn nothing.

As words for paper, by SLIP-39 (Shamir's secret sharing with checksums): other programs that know it read them too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import bech32
import shamir_mnemonic
from shamir_mnemonic import MnemonicError

from einklang.errors import UserError

PREFIX, MOST = "age-secret-key-", 16
"""How age writes a secret key (bech32), and how many shares SLIP-39 knows."""
_REMEDY = "m/n, as 2/3: any 2 of 3 open the kit; m at least 2, n at most 16"


def parts(text: str) -> tuple[int, int]:
    """Of `m/n`: how many shares are needed, and how many there are. Raises UserError."""
    found = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text)
    needed, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 2 <= needed <= count <= MOST:
        raise UserError(f"{text!r} does not say how many shares there are", remedy=_REMEDY)
    return needed, count


def split(secret: str, needed: int, count: int) -> list[str]:
    """Shares of an age secret key, 33 words each."""
    _, digits = bech32.bech32_decode(secret)
    content = bytes(bech32.convertbits(digits or [], 5, 8, False) or [])
    (shares,) = shamir_mnemonic.generate_mnemonics(1, [(needed, count)], content)
    return list(shares)


def combine(shares: Sequence[str]) -> str:
    """The age secret key. Raises UserError for a share that is mistyped, is of another key, or is missing."""
    try:
        groups = shamir_mnemonic.decode_mnemonics(shares)
        ((index, group),) = groups.items()
        if not group.is_complete():
            raise UserError(
                f"{group.member_threshold()} shares of this recovery key are needed, here are {len(group)}",
                remedy="--identity once for each file with a share",
            )
        content = shamir_mnemonic.recover_ems({index: group.get_minimal_group()}).decrypt(b"")
    except MnemonicError as error:
        raise UserError(
            f"these shares make no recovery key: {error}", remedy="compare the words with the paper"
        ) from error
    return str(bech32.bech32_encode(PREFIX, bech32.convertbits(content, 8, 5) or [])).upper()


def is_share(line: str) -> bool:
    """True for words, False for a key as age writes it."""
    return " " in line.strip()
