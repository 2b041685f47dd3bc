"""Variants of the small tokenizers, with ids by Hugging Face's own libraries: parts of a text, and tokens of every file of a folder.

    python fixtures-scripts/make_tokenizer_cases.py      # from packages/model; needs transformers

Writes src/fixtures/tokenizers/cases.json:
  parts:   [{name, base, changes, wholes: [{text, ids}], pairs: [{prompt, completion, promptIds, wholeIds}]}]; `changes` are keys
           of BASE.json that are replaced. Ids without special tokens, by tokenizers.
  folders: [{name, base, changes, files, tokens: {content: id}, texts: [{text, ids}]}]; `files` are the others of the folder.
           By transformers' PreTrainedTokenizerFast.from_pretrained.
Known divergences: none.
"""

import json
import os
import tempfile

import tokenizers
import transformers
from tokenizers import Tokenizer

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "src", "fixtures", "tokenizers")


def base(name):
    with open(os.path.join(OUT, f"{name}.json")) as file:
        return json.load(file)


def added(content, id, **flags):
    return {"id": id, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False, **flags}


def metaspace(**settings):
    return {"type": "Metaspace", "replacement": "\u2581", **settings}


LLAMA2_TOKENS = base("llama2")["added_tokens"]
QWEN_TOKENS = base("qwen")["added_tokens"]
NEXT = max(token["id"] for token in QWEN_TOKENS) + 1
STRIPPING = [*QWEN_TOKENS, added("<l>", NEXT, lstrip=True), added("<r>", NEXT + 1, rstrip=True), added("<lr>", NEXT + 2, lstrip=True, rstrip=True),
             added("word", NEXT + 3, single_word=True), added("<lrx>", NEXT + 4)]
GPT2 = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}

CL100K = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"
O200K = "|".join([r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                  r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
                  r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])


def split(pattern):
    return {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": pattern}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}}


def model(name, **settings):
    return {"model": {**base(name)["model"], **settings}}


PARTS = {
    "sentencepiece: Metaspace, unknown characters fused": ("llama2", {"normalizer": None, "pre_tokenizer": metaspace(prepend_scheme="first"),
                                                           **model("llama2", byte_fallback=False, fuse_unk=True)}),
    "sentencepiece: unknown characters fused": ("llama2", model("llama2", byte_fallback=False, fuse_unk=True)),
    "sentencepiece: unknown characters one by one": ("llama2", model("llama2", byte_fallback=False, fuse_unk=False)),
    "sentencepiece: no unknown token": ("llama2", model("llama2", byte_fallback=False, unk_token=None, fuse_unk=False)),
    "bytes: as cl100k": ("qwen", split(CL100K)),
    "bytes: as o200k": ("qwen", split(O200K)),
    "bytes: NFKC": ("qwen", {"normalizer": {"type": "NFKC"}}),
    "sentencepiece: Prepend": ("llama2", {}),
    "sentencepiece: Metaspace first, whole": ("llama2", {"normalizer": None, "pre_tokenizer": metaspace(prepend_scheme="first", split=False)}),
    "sentencepiece: Metaspace first, split": ("llama2", {"normalizer": None, "pre_tokenizer": metaspace(prepend_scheme="first", split=True)}),
    "sentencepiece: Metaspace always, whole": ("llama2", {"normalizer": None, "pre_tokenizer": metaspace(prepend_scheme="always", split=False)}),
    "sentencepiece: Metaspace always": ("llama2", {"normalizer": None, "pre_tokenizer": metaspace(prepend_scheme="always")}),
    "sentencepiece: Metaspace never": ("llama2", {"normalizer": None, "pre_tokenizer": metaspace(prepend_scheme="never")}),
    "sentencepiece: old Metaspace": ("llama2", {"normalizer": None, "pre_tokenizer": metaspace(add_prefix_space=True)}),
    "sentencepiece: no prefix": ("llama2", {"normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}}),
    "sentencepiece: Metaspace first after a normalizer": ("llama2", {
        "normalizer": {"type": "NFC"}, "pre_tokenizer": metaspace(prepend_scheme="first"),
        "added_tokens": [*LLAMA2_TOKENS, added("<n>", max(t["id"] for t in LLAMA2_TOKENS) + 1, normalized=True)]}),
    "bytes: prefix space": ("qwen", {"pre_tokenizer": GPT2}),
    "bytes: prefix space without expression": ("qwen", {"pre_tokenizer": {**GPT2, "use_regex": False}}),
    "bytes: prefix space, no normalizer": ("qwen", {"pre_tokenizer": GPT2, "normalizer": None}),
    "bytes: none": ("qwen", {}),
    "bytes: tokens that strip": ("qwen", {"added_tokens": STRIPPING}),
    "bytes: Whitespace": ("qwen", {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, {**GPT2, "add_prefix_space": False}]}}),
    "bytes: WhitespaceSplit": ("qwen", {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {**GPT2, "add_prefix_space": False}]}}),
    "bytes: Split by a string": ("qwen", {"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"String": "a."}, "behavior": "Removed", "invert": False}, {**GPT2, "add_prefix_space": False}]}}),
    "bytes: Strip and Lowercase": ("qwen", {"normalizer": {"type": "Sequence", "normalizers": [
        {"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Lowercase"}]}}),
    "bytes: Replace with a dollar": ("qwen", {"normalizer": {"type": "Replace", "pattern": {"String": "a"}, "content": "$& $1$$"}}),
}

WHOLES = ["2+2=4", "A: The 4", " a", "  a", "a  b", "", " ", "   ", "\u0085a", "\ufeffa", "a  \u0085b", "a  \ufeffb", " \u0085", "a\u00a0b", "\u2581a", "the \u2581 b",
          "a<|begin|>b", "<|begin|>a<|eot|>b", "<|begin|> a", "a <|think|> b", "a<n>b <n> c", "a \u0085<l> b", "a \ufeff<l> b", "a <r> \u0085b", "a <r> \ufeffb",
          "a <lr> <lr> b", "<l><r> <lr>x", "word", "a word.", "sword", "words", "a.b a.", "word\u0301", "_word", "<lrx> <lr>", "caf\u00e9 x\u00b2 \u0130 \u03a3\u03a3 \u0391\u03a3", "line\nline\r\n",
          "\u65e5\u672c\u8a9e \U0001f600", "the answer is 12", "$1 a", "\u2603\u2603 \u2603a\u2603", "don'T 'Re it'\u017f", "a/\n/b", "HelloWorld ABCdef", "\ufb01x\u00b2"]
PAIRS = [("2+2=", "4"), ("A:", " The 4"), ("A: ", "The 4"), ("A:", "The 4"), ("", "a"), ("", " a"), ("a", ""), ("a", "<|eot|>"), ("a<|eot|>", "b"), ("a<|eot|>", " b"), ("a <|think|>", "b"),
         ("the answer is", ": 12"), ("a\n", "b"), ("a", "\nb"), ("a\n\n", "\n b"), ("x", "<|begin|>b c"), ("Q: how many\nA:", " so she has 12, and"), ("it", "'s"), ("a \u0085", "b"), ("1", "234"),
         ("is:", " \\boxed{"), ("is: ", "\\boxed{12}"), ("th", "e"), ("a<n>", "b"), ("a", "\u00b4"), ("word", "s"), ("a <r>", " b")]

FOLDERS = {
    "nothing but a template": ({}, {}),
    "tokens of added_tokens_decoder and additional_special_tokens": ({}, {"tokenizer_config.json": {
        "eos_token": "<|end|>", "additional_special_tokens": ["<|im_start|>", "<|eot|>"],
        "added_tokens_decoder": {**{str(t["id"]): {k: v for k, v in t.items() if k != "id"} for t in QWEN_TOKENS},
                                 str(NEXT): {"content": "<tool>", "special": False}}}}),
    "a decoder that changes flags": ({}, {"tokenizer_config.json": {
        "added_tokens_decoder": {str(QWEN_TOKENS[2]["id"]): {"content": QWEN_TOKENS[2]["content"], "lstrip": True, "special": True}}}}),
    "a decoder with a gap and out of order": ({}, {"tokenizer_config.json": {
        "added_tokens_decoder": {str(NEXT + 7): {"content": "<far>", "special": True}, str(NEXT + 2): {"content": "<near>", "special": True}}}}),
    "added_tokens.json": ({}, {"tokenizer_config.json": {"eos_token": "<|im_end|>"}, "added_tokens.json": {"<|im_end|>": NEXT + 1, "<|im_start|>": NEXT}}),
    "special_tokens_map.json wins": ({}, {"tokenizer_config.json": {"eos_token": "<|end|>"}, "special_tokens_map.json": {
        "eos_token": {"content": "<|eot|>", "lstrip": False, "rstrip": False, "normalized": False, "single_word": False}, "pad_token": "[PAD]", "additional_special_tokens": ["<x>"]}}),
    "special_tokens_map.json is not read next to a decoder": ({}, {"tokenizer_config.json": {"eos_token": "<|end|>", "added_tokens_decoder": {}}, "special_tokens_map.json": {"eos_token": "<|eot|>", "pad_token": "[PAD]"}}),
    "extra_special_tokens as a list": ({}, {"tokenizer_config.json": {"extra_special_tokens": ["<x>", "<y>"], "additional_special_tokens": ["<z>"]}}),
    "extra_special_tokens as a record, and a role of its own": ({}, {"tokenizer_config.json": {"extra_special_tokens": {"image_token": "<image>"}, "audio_token": "<audio>", "add_eos_token": True}}),
    "a named token that the vocabulary has": ({}, {"tokenizer_config.json": {"pad_token": "the", "unk_token": "<new>"}}),
    "an added token with a gap": ({"added_tokens": [*QWEN_TOKENS, added("<far>", NEXT + 3, special=True), added("<farther>", NEXT + 9)]}, {}),
    "added tokens out of order": ({"added_tokens": [added("<z>", NEXT), *QWEN_TOKENS]}, {}),
    "an added token of the vocabulary under another id": ({"added_tokens": [*QWEN_TOKENS, added("the", 5)]}, {}),
    "special tokens that are split": ({}, {"tokenizer_config.json": {"split_special_tokens": True}}),
    "an end token at the end": ({"post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<|begin|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                                {"SpecialToken": {"id": "<|end|>", "type_id": 0}}], "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
                                "special_tokens": {"<|begin|>": {"id": "<|begin|>", "ids": [3, 4], "tokens": ["x", "y"]}, "<|end|>": {"id": "<|end|>", "ids": [QWEN_TOKENS[1]["id"]], "tokens": ["<|end|>"]}}}}, {}),
    "a processor as of RoBERTa": ({"post_processor": {"type": "RobertaProcessing", "sep": ["<|end|>", QWEN_TOKENS[1]["id"]], "cls": ["<|begin|>", QWEN_TOKENS[0]["id"]], "trim_offsets": True, "add_prefix_space": False}}, {}),
    "processors in a sequence": ({"post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True},
                                 {"type": "BertProcessing", "sep": ["<|end|>", QWEN_TOKENS[1]["id"]], "cls": ["<|begin|>", QWEN_TOKENS[0]["id"]]}]}}, {}),
    "switches of old versions": ({}, {"tokenizer_config.json": {"bos_token": "<|begin|>", "eos_token": "<|end|>", "add_bos_token": True, "add_eos_token": True, "add_prefix_space": True}}),
    "truncation and padding": ({"truncation": {"direction": "Right", "max_length": 2, "strategy": "LongestFirst", "stride": 0},
                                "padding": {"strategy": {"Fixed": 20}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0, "pad_type_id": 0, "pad_token": "!"}}, {"tokenizer_config.json": {"model_max_length": 3}}),
}
FOLDER_TEXTS = ["a b", "the <|im_start|>a<|im_end|><tool>b", "a  <|eot|> b", "<far> <near>", "<farther>", "<x><y><z>[PAD]", "<image> <audio>", "other the<new>", "<|end|>", "", "a<|think|>b"]


def encode_parts(name, base_name, changes):
    tokenizer = Tokenizer.from_str(json.dumps({**base(base_name), **changes}))

    def ids(text):
        return tokenizer.encode(text, add_special_tokens=False).ids

    return {"name": name, "base": base_name, "changes": changes, "wholes": [{"text": text, "ids": ids(text)} for text in WHOLES],
            "pairs": [{"prompt": p, "completion": c, "promptIds": ids(p), "wholeIds": ids(p + c)} for p, c in PAIRS]}


def encode_folder(name, changes, files):
    with tempfile.TemporaryDirectory() as folder:
        for file, content in {"tokenizer.json": {**base("qwen"), **changes}, "tokenizer_config.json": {}, **files}.items():
            with open(os.path.join(folder, file), "w") as handle:
                json.dump(content, handle)
        tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    tokens = {str(token): id for id, token in tokenizer.added_tokens_decoder.items()}
    return {"name": name, "base": "qwen", "changes": changes, "files": files, "tokens": tokens, "eosTokenId": tokenizer.eos_token_id,
            "texts": [{"text": text, "ids": tokenizer.encode(text)} for text in FOLDER_TEXTS]}


if __name__ == "__main__":
    print(__doc__)
    cases = {
        "versions": {"tokenizers": tokenizers.__version__, "transformers": transformers.__version__},
        "parts": [encode_parts(name, *settings) for name, settings in PARTS.items()],
        "folders": [encode_folder(name, *settings) for name, settings in FOLDERS.items()],
    }
    with open(os.path.join(OUT, "cases.json"), "w") as file:
        json.dump(cases, file, separators=(",", ":"))
        file.write("\n")
