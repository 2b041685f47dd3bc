"""Small tokenizers in the styles of Llama 3, Qwen, SmolLM2 and Llama 2, with ids by Hugging Face's own library.

    python fixtures-scripts/make_tokenizers.py      # from packages/model; needs tokenizers

Writes src/fixtures/tokenizers/STYLE.json and vectors.json: {"tokenizers": version, "vectors": {STYLE: [{text, ids, decoded}]}}.
The texts aim at what JavaScript and Rust treat differently. Known divergences: none.
"""

import json
import os
import random

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "fixtures", "tokenizers")
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
CORPUS = ["the answer is 12, so she doesn't pay 1234 dollars. The final answer is: \\boxed{12}", "It'S the CAFÉ's café", "日本語 ½ ²",
          # merges that only the right split allows: across U+FEFF, in a number with a superscript, after a long s, before a pound
          "!\ufeff! !\ufeff! !\ufeff!", "1² 1² 1² 1²", "ſa ſa ſa ſa ſa", " £ £ £ £ £"]

TEXTS = [
    "!\ufeff! x!\ufeff!", "1²x1² ²1", "x'ſa 'ſa ſa", "£ ² £ ²²",
    "", " ", "  two  spaces ", "The final answer is: \\boxed{72}", "doesn't DOESN'T 'S 's 'ſ it'ſ x", "a\u0085b \ufeffc\u00a0d\u2028e\u3000f",
    "12345 ²³ ½ ٣٤ Ⅳ 1\u00b2", "cafe\u0301 café", "tab\tnew\nline\r\n\n end \n", "emoji 👩‍👩‍👧 😀", "日本語のテキスト", "null\x00byte \x1c",
    "<|begin|>inside<|eot|> text", "a <|think|> b", "ﬁ Å \u1e9b\u0323", "!?...--__", "İstanbul ß ǆ", "  \n  x",
]


def train(tokenizer, alphabet, **settings):
    trainer = trainers.BpeTrainer(vocab_size=len(alphabet) + 60, initial_alphabet=alphabet, show_progress=False, **settings)
    tokenizer.train_from_iterator(CORPUS * 4, trainer)


def add_tokens(tokenizer):
    tokenizer.add_special_tokens([AddedToken(t, special=True) for t in ["<|begin|>", "<|end|>", "<|eot|>"]])
    tokenizer.add_tokens([AddedToken("<|think|>", special=False, normalized=False)])


def byte_level(pre_tokenizer, normalizer=None, ignore_merges=False, begin=False):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    train(tokenizer, pre_tokenizers.ByteLevel.alphabet())
    add_tokens(tokenizer)
    if begin:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<|begin|> $A", pair="<|begin|> $A $B", special_tokens=[("<|begin|>", tokenizer.token_to_id("<|begin|>"))])
    return tokenizer


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])


def sentence_piece():
    """Trained without the byte tokens, which are ordinary vocabulary in Llama 2, then rebuilt with them."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    letters = sorted(set("abcdefghijklmnopqrstuvwxyz▁'.,0123456789"))
    train(trained, letters, limit_alphabet=len(letters))
    model = json.loads(trained.to_str())["model"]
    tokens = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), *sorted(model["vocab"], key=model["vocab"].get)]
    merges = [tuple(pair) for pair in model["merges"]]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = trained.normalizer
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    add_tokens(tokenizer)
    return tokenizer


STYLES = {
    "llama3": byte_level(split(LLAMA3), ignore_merges=True, begin=True),
    "qwen": byte_level(split(QWEN), normalizer=normalizers.NFC()),
    "smollm2": byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])),
    "digits-together": byte_level(pre_tokenizers.Sequence([pre_tokenizers.Digits(False), pre_tokenizers.ByteLevel(False)])),
    "llama2": sentence_piece(),
}


def random_texts(count):
    """Pieces of the texts above in any order."""
    pieces = [piece for text in TEXTS for piece in (text[: len(text) // 2], text[len(text) // 2:])]
    chooser = random.Random(0)
    return ["".join(chooser.choices(pieces, k=3)) for _ in range(count)]


if __name__ == "__main__":
    print(__doc__)
    os.makedirs(OUT, exist_ok=True)
    vectors = {}
    for style, tokenizer in STYLES.items():
        tokenizer.save(os.path.join(OUT, f"{style}.json"), pretty=False)
        encoded = [(text, tokenizer.encode(text).ids) for text in TEXTS + random_texts(40)]
        vectors[style] = [{"text": text, "ids": ids, "decoded": tokenizer.decode(ids)} for text, ids in encoded]
    with open(os.path.join(OUT, "vectors.json"), "w") as file:
        json.dump({"tokenizers": tokenizers.__version__, "vectors": vectors}, file, separators=(",", ":"))
        file.write("\n")
