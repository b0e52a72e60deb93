// Writes src/Gpux.Runtime/Tokenizers/Unicode/UnicodeData.g.cs. Run: npm install --ignore-scripts && node generate.mjs
//
// The reference tokenizer takes its properties from libraries of different ages, and a letter that is newer than its
// library is treated as unassigned. So each table below is of the Unicode version of the library that it follows:
//   8.0   categories of the BERT normalizer and of punctuation (crate unicode_categories 0.1)
//   9.0   normalization forms, combining marks (crate unicode-normalization-alignments 0.1), scripts of UnicodeScripts
//   16.0  regular expressions (Oniguruma 6.9.10, crate regex 1), grapheme clusters (crate unicode-segmentation 1)
//   17.0  case mapping and numeric characters (Rust's standard library)
import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const output = join(here, '../../src/Gpux.Runtime/Tokenizers/Unicode/UnicodeData.g.cs');
const last = 0x10FFFF;

const folder = (version, property) => join(here, 'node_modules/@unicode', `unicode-${version}`, property);
const read = async (version, property) =>
  (await import(join(folder(version, property), 'code-points.mjs'))).default;
const names = (version, property) =>
  readdirSync(folder(version, property)).filter(name => !name.includes('.')).sort();

/** One value for every code point. */
async function assign(version, entries, initial = 0) {
  const values = new Uint8Array(last + 1).fill(initial);
  for (const [property, value] of entries) for (const c of await read(version, property)) values[c] = value;
  return values;
}

async function flag(values, bit, version, ...properties) {
  for (const property of properties) for (const c of await read(version, property)) values[c] |= 1 << bit;
}

function varint(bytes, value) {
  for (; value >= 0x80; value >>>= 7) bytes.push(value & 0x7F | 0x80);
  bytes.push(value);
}

/** Pairs of (length of the run, value), over all code points. */
function runs(values) {
  const bytes = [];
  for (let start = 0, c = 1; c <= last + 1; c++) {
    if (c <= last && values[c] === values[start]) continue;
    varint(bytes, c - start);
    bytes.push(values[start]);
    start = c;
  }
  return bytes;
}

/** Runs of code points that are mapped by the same difference: (gap, length, step - 1, zigzag of the difference). */
function mapping(pairs) {
  const bytes = [];
  let end = 0;
  for (let i = 0; i < pairs.length;) {
    const [from, to] = pairs[i];
    const difference = to - from;
    const step = i + 1 < pairs.length && pairs[i + 1][1] - pairs[i + 1][0] === difference && pairs[i + 1][0] - from <= 2
      ? pairs[i + 1][0] - from : 1;
    let length = 1;
    while (i + length < pairs.length && pairs[i + length][0] === from + length * step
      && pairs[i + length][1] - pairs[i + length][0] === difference) length++;
    varint(bytes, from - end);
    varint(bytes, length);
    bytes.push(step - 1);
    varint(bytes, (difference << 1) ^ (difference >> 31));
    end = from + (length - 1) * step;
    i += length;
  }
  return bytes;
}

const categories = [
  'Unassigned', 'Uppercase_Letter', 'Lowercase_Letter', 'Titlecase_Letter', 'Modifier_Letter', 'Other_Letter',
  'Nonspacing_Mark', 'Spacing_Mark', 'Enclosing_Mark', 'Decimal_Number', 'Letter_Number', 'Other_Number',
  'Connector_Punctuation', 'Dash_Punctuation', 'Open_Punctuation', 'Close_Punctuation', 'Initial_Punctuation',
  'Final_Punctuation', 'Other_Punctuation', 'Math_Symbol', 'Currency_Symbol', 'Modifier_Symbol', 'Other_Symbol',
  'Space_Separator', 'Line_Separator', 'Paragraph_Separator', 'Control', 'Format', 'Surrogate', 'Private_Use'];
const generalCategory = await assign('16.0.0', categories.map((name, i) => [`General_Category/${name}`, i]));

const properties = new Uint8Array(last + 1);
const category = name => `General_Category/${name}`;
await flag(properties, 0, '8.0.0', category('Control'), category('Format'), category('Private_Use'));
await flag(properties, 1, '8.0.0', category('Punctuation'));
await flag(properties, 2, '8.0.0', category('Nonspacing_Mark'));
await flag(properties, 3, '9.0.0', category('Mark'));
await flag(properties, 4, '17.0.0', category('Number'));
await flag(properties, 5, '16.0.0', 'Binary_Property/White_Space');
await flag(properties, 6, '16.0.0', 'Binary_Property/Alphabetic', category('Mark'), category('Decimal_Number'),
  category('Connector_Punctuation'), 'Binary_Property/Join_Control');
await flag(properties, 7, '16.0.0', 'Binary_Property/Alphabetic');

// Values of GraphemeBreak in Graphemes.cs; 0x10 marks Extended_Pictographic.
const breaks = ['Other', 'CR', 'LF', 'Control', 'Extend', 'ZWJ', 'Regional_Indicator', 'Prepend', 'SpacingMark',
  'L', 'V', 'T', 'LV', 'LVT'];
const graphemeBreak = await assign('16.0.0', breaks.map((name, i) => [`Grapheme_Cluster_Break/${name}`, i]));
await flag(graphemeBreak, 4, '16.0.0', 'Binary_Property/Extended_Pictographic');

const scriptNames = names('16.0.0', 'Script');
const script = await assign('16.0.0', scriptNames.map((name, i) => [`Script/${name}`, i + 1]));
const scriptNames9 = names('9.0.0', 'Script').filter(name => name !== 'Unknown');
const script9 = await assign('9.0.0', scriptNames9.map((name, i) => [`Script/${name}`, i + 1]));

const lower = [...(await import(join(folder('17.0.0', 'Simple_Case_Mapping/Lowercase'), 'code-points.mjs'))).default];
const folds = new Map();
for (const kind of ['C', 'S'])
  for (const [from, to] of (await import(join(folder('16.0.0', `Case_Folding/${kind}`), 'code-points.mjs'))).default)
    folds.set(from, to);
const byCodePoint = (a, b) => a[0] - b[0];

// Normalization is stable: what was assigned in 9.0 decomposes in every later version as it did then.
const assigned9 = new Uint8Array(last + 1).fill(1);
for (const c of await read('9.0.0', category('Unassigned'))) assigned9[c] = 0;
const combining = new Uint8Array(last + 1);
const classes = execFileSync('python3', ['-c',
  'import unicodedata; print(*(f"{c} {unicodedata.combining(chr(c))}" for c in range(0x110000) if unicodedata.combining(chr(c))))'],
  { encoding: 'utf8', maxBuffer: 1 << 24 }).trim().split(' ').map(Number);
for (let i = 0; i < classes.length; i += 2) if (assigned9[classes[i]]) combining[classes[i]] = classes[i + 1];

// (gap, length << 2 | kind, code points); kind 0 canonical and composed again, 1 canonical only, 2 compatibility.
const decompositions = [];
for (let c = 0, previous = 0; c <= last; c++) {
  if (!assigned9[c] || (c >= 0xD800 && c < 0xE000) || (c >= 0xAC00 && c <= 0xD7A3)) continue;
  const text = String.fromCodePoint(c);
  const canonical = text.normalize('NFD');
  const compatible = text.normalize('NFKD');
  const add = (decomposed, kind) => {
    const points = [...decomposed].map(x => x.codePointAt(0));
    varint(decompositions, c - previous);
    previous = c;
    varint(decompositions, points.length << 2 | kind);
    for (const point of points) varint(decompositions, point);
  };
  if (canonical !== text) add(canonical, canonical.normalize('NFC') === text ? 0 : 1);
  if (compatible !== canonical) add(compatible, 2);
}

function literal(name, summary, bytes) {
  const lines = [];
  let line = '';
  for (const byte of bytes) {
    if (line.length > 112) { lines.push(line); line = ''; }
    line += `${byte},`;
  }
  lines.push(line);
  return `    /// <summary>${summary}</summary>\n    public static ReadOnlySpan<byte> ${name} =>\n    [\n        ${lines.join('\n        ')}\n    ];\n`;
}

const text = `// <auto-generated>Written by eng/unicode/generate.mjs; do not edit.</auto-generated>
namespace Gpux.Runtime.Tokenizers.Unicode;

/// <summary>Unicode properties as the reference tokenizer's libraries know them; see the generator for versions.</summary>
internal static partial class UnicodeData
{
${[
  literal('Properties', 'Runs of the flags of <see cref="CharacterFlags"/>.', runs(properties)),
  literal('GeneralCategories', 'Runs of general categories (16.0), in the order of <see cref="GeneralCategory"/>.', runs(generalCategory)),
  literal('CombiningClasses', 'Runs of canonical combining classes (9.0).', runs(combining)),
  literal('GraphemeBreaks', 'Runs of grapheme cluster breaks (16.0); 0x10 marks pictographs.', runs(graphemeBreak)),
  literal('Scripts', 'Runs of 1-based indices into <see cref="ScriptNames"/> (16.0).', runs(script)),
  literal('ScriptsOfVersion9', 'Runs of scripts (9.0), numbered for themselves; 0 is unassigned.', runs(script9)),
  literal('Lowercase', 'Simple lower case (17.0): gap, length, step - 1, zigzag difference.', mapping(lower.sort(byCodePoint))),
  literal('CaseFolding', 'Simple case folding (16.0), in the same form.', mapping([...folds].sort(byCodePoint))),
  literal('Decompositions', 'Full decompositions (9.0): gap, length &lt;&lt; 2 | kind, code points.', decompositions),
].join('\n')}
    /// <summary>Script names (16.0), separated by spaces.</summary>
    public const string ScriptNames =
        "${scriptNames.join(' ').replace(/(.{1,100}) /g, '$1 " +\n        "')}";

    /// <summary>The numbers of Common, Han, Hiragana and Katakana in <see cref="ScriptsOfVersion9"/>.</summary>
    public const byte Han9 = ${scriptNames9.indexOf('Han') + 1}, Hiragana9 = ${scriptNames9.indexOf('Hiragana') + 1}, Katakana9 = ${scriptNames9.indexOf('Katakana') + 1};
}
`;
writeFileSync(output, text);
