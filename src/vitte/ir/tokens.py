"""Token kinds: small ints, the index into every table of the lexer and the parser.

Words come first (`kind <= LAST_WORD`): keywords are contextual, so wherever only a name can stand any word is one.
"""

from __future__ import annotations

EOF = 0
IDENT = 1

KEYWORDS = (  # noqa: SIM905
    # words with a meaning at the start of an expression
    "if match loop unsafe proc move give break continue true false null not ref try panic unreachable assert dyn raw "
    # word operators and inner words
    "and or in is as else elif mut case where for while let const "
    # words with a meaning at the start of a statement or declaration
    "set defer with when select pick use pull export share space type form flags bits test static_assert static union extern bench "
    "entry trait impl pub public private priv internal package inline noinline borrow owned at "
    # reserved
    "async await macro region effects requires query pass backend compiler diagnostic class intrinsic interrupt naked critical"
).split()
KEYWORD_KIND: dict[str, int] = {word: kind for kind, word in enumerate(KEYWORDS, 2)}
LAST_WORD = len(KEYWORDS) + 1

IF = KEYWORD_KIND["if"]
MATCH = KEYWORD_KIND["match"]
LOOP = KEYWORD_KIND["loop"]
UNSAFE = KEYWORD_KIND["unsafe"]
PROC = KEYWORD_KIND["proc"]
MOVE = KEYWORD_KIND["move"]
GIVE = KEYWORD_KIND["give"]
BREAK = KEYWORD_KIND["break"]
CONTINUE = KEYWORD_KIND["continue"]
TRUE = KEYWORD_KIND["true"]
FALSE = KEYWORD_KIND["false"]
NULL = KEYWORD_KIND["null"]
NOT = KEYWORD_KIND["not"]
REF = KEYWORD_KIND["ref"]
TRY = KEYWORD_KIND["try"]
PANIC = KEYWORD_KIND["panic"]
UNREACHABLE = KEYWORD_KIND["unreachable"]
ASSERT = KEYWORD_KIND["assert"]
DYN = KEYWORD_KIND["dyn"]
RAW = KEYWORD_KIND["raw"]
AND = KEYWORD_KIND["and"]
OR = KEYWORD_KIND["or"]
IN = KEYWORD_KIND["in"]
IS = KEYWORD_KIND["is"]
AS = KEYWORD_KIND["as"]
ELSE = KEYWORD_KIND["else"]
ELIF = KEYWORD_KIND["elif"]
MUT = KEYWORD_KIND["mut"]
CASE = KEYWORD_KIND["case"]
WHERE = KEYWORD_KIND["where"]
FOR = KEYWORD_KIND["for"]
WHILE = KEYWORD_KIND["while"]
LET = KEYWORD_KIND["let"]
CONST = KEYWORD_KIND["const"]
SET = KEYWORD_KIND["set"]
DEFER = KEYWORD_KIND["defer"]
WITH = KEYWORD_KIND["with"]
WHEN = KEYWORD_KIND["when"]
SELECT = KEYWORD_KIND["select"]
PICK = KEYWORD_KIND["pick"]
USE = KEYWORD_KIND["use"]
PULL = KEYWORD_KIND["pull"]
EXPORT = KEYWORD_KIND["export"]
SHARE = KEYWORD_KIND["share"]
SPACE = KEYWORD_KIND["space"]
TYPE = KEYWORD_KIND["type"]
FORM = KEYWORD_KIND["form"]
FLAGS = KEYWORD_KIND["flags"]
BITS = KEYWORD_KIND["bits"]
TEST = KEYWORD_KIND["test"]
STATIC_ASSERT = KEYWORD_KIND["static_assert"]
STATIC = KEYWORD_KIND["static"]
UNION = KEYWORD_KIND["union"]
EXTERN = KEYWORD_KIND["extern"]
BENCH = KEYWORD_KIND["bench"]
ENTRY = KEYWORD_KIND["entry"]
TRAIT = KEYWORD_KIND["trait"]
IMPL = KEYWORD_KIND["impl"]
PUB = KEYWORD_KIND["pub"]
PUBLIC = KEYWORD_KIND["public"]
PRIVATE = KEYWORD_KIND["private"]
PRIV = KEYWORD_KIND["priv"]
INTERNAL = KEYWORD_KIND["internal"]
PACKAGE = KEYWORD_KIND["package"]
INLINE = KEYWORD_KIND["inline"]
NOINLINE = KEYWORD_KIND["noinline"]
BORROW = KEYWORD_KIND["borrow"]
OWNED = KEYWORD_KIND["owned"]
AT = KEYWORD_KIND["at"]
ASYNC = KEYWORD_KIND["async"]
AWAIT = KEYWORD_KIND["await"]
MACRO = KEYWORD_KIND["macro"]
REGION = KEYWORD_KIND["region"]
EFFECTS = KEYWORD_KIND["effects"]
REQUIRES = KEYWORD_KIND["requires"]
QUERY = KEYWORD_KIND["query"]
PASS = KEYWORD_KIND["pass"]
BACKEND = KEYWORD_KIND["backend"]
COMPILER = KEYWORD_KIND["compiler"]
DIAGNOSTIC = KEYWORD_KIND["diagnostic"]
CLASS = KEYWORD_KIND["class"]
INTRINSIC = KEYWORD_KIND["intrinsic"]
INTERRUPT = KEYWORD_KIND["interrupt"]
NAKED = KEYWORD_KIND["naked"]
CRITICAL = KEYWORD_KIND["critical"]

LITERALS = ("integer", "float", "string", "raw string", "multi-line string", "bytes", "rune", "label")
INT, FLOAT, STR, RAW_STR, MULTI_STR, BYTES, RUNE, LABEL = range(LAST_WORD + 1, LAST_WORD + 9)
_FIRST_PUNCTUATION = LABEL + 1

PUNCTUATION = (  # noqa: SIM905
    "( ) [ ] { } #[ #![ , ; : :: . .. ..= -> => @ = += -= *= /= %= &= |= ^= <<= >>= ? ?? || && | ^ & == != < <= > >= << + - * / % ! ~"
).split()
PUNCTUATION_KIND: dict[str, int] = {text: kind for kind, text in enumerate(PUNCTUATION, _FIRST_PUNCTUATION)}

(LPAREN, RPAREN, LBRACKET, RBRACKET, LBRACE, RBRACE, HASH, HASH_BANG, COMMA, SEMI, COLON, COLONS, DOT, DOTS, DOTS_EQ, ARROW, FAT_ARROW,
 AT_SIGN, EQ, ADD_EQ, SUB_EQ, MUL_EQ, DIV_EQ, REM_EQ, AND_EQ, OR_EQ, XOR_EQ, SHL_EQ, SHR_EQ, QUESTION, QUESTIONS, OROR, ANDAND, BAR, CARET,
 AMP, EQEQ, NE, LT, LE, GT, GE, SHL, PLUS, MINUS, STAR, SLASH, PERCENT, BANG, TILDE) = range(_FIRST_PUNCTUATION,
 _FIRST_PUNCTUATION + len(PUNCTUATION))  # fmt: skip
"""There is no `>>`: type arguments close with `>`, and two of them side by side are the operator."""

COUNT = TILDE + 1
assert COUNT <= 150

NAMES: tuple[str, ...] = ("end of file", "name", *KEYWORDS, *LITERALS, *PUNCTUATION)
"""What each kind is called in messages."""
