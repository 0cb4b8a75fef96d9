"""What `keys` raises: one family, a code for programs and a message for people."""


class KeysError(Exception):
    """Something that was given cannot be used, does not verify, or must not be done.

    `code` is stable, lower case, and safe to show or translate; `message` says in one English
    line what was wrong and where. Neither ever contains key material or a bid's content.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Malformed(KeysError):
    """The bytes are not of the form that the lasting formats lay down."""


class Forged(KeysError):
    """The form is right, but a signature, hash, proof or authenticated decryption is not."""


class Refused(KeysError):
    """Form and proofs are right, but the rules forbid the act."""
