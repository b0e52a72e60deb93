// Does what bench/run asks for, one JSON line each, and answers how long it took: the peers' side of the benches within a process.
import fs from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

const sessions = new Map();
const tokenizers = new Map();
const texts = new Map();
const encoders = new Map();
const databases = {};
const linesAtOnce = 500; // what is kept of each is large

async function timed(action) {
  const started = performance.now();
  const result = await action();
  return { milliseconds: performance.now() - started, result };
}

async function runtime() {
  return (await import('onnxruntime-node')).default;
}

function feeds({ Tensor }, inputNames, batch, tokens) {
  const filled = (value) => new Tensor('int64', BigInt64Array.from({ length: batch * tokens }, value), [batch, tokens]);
  const all = {
    input_ids: filled((_, i) => BigInt(100 + (i * 37) % 800)),
    attention_mask: filled(() => 1n),
    token_type_ids: filled(() => 0n),
  };
  return Object.fromEntries(inputNames.map((name) => [name, all[name]]));
}

async function tokenizerOf(engine, folder) {
  const key = `${engine} ${folder}`;
  if (!tokenizers.has(key)) {
    if (engine === 'tokenizers') {
      const { Tokenizer } = (await import('tokenizers')).default;
      const tokenizer = Tokenizer.fromFile(path.join(folder, 'tokenizer.json'));
      tokenizers.set(key, { encode: (text) => tokenizer.encode(text, null, { addSpecialTokens: true }),
        encodeAll: (texts) => tokenizer.encodeBatch(texts, { addSpecialTokens: true }), ids: (encoding) => encoding.getIds() });
    } else {
      const { AutoTokenizer } = await import('@huggingface/transformers');
      const tokenizer = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
      tokenizers.set(key, { encode: (text) => tokenizer.encode(text), ids: (encoding) => encoding });
    }
  }
  return tokenizers.get(key);
}

async function encoderOf(folder) {
  if (!encoders.has(folder)) {
    const { pipeline, env } = await import('@huggingface/transformers');
    env.allowRemoteModels = false;
    env.localModelPath = path.dirname(folder);
    encoders.set(folder, await pipeline('feature-extraction', path.basename(folder), { subfolder: '', dtype: 'fp32', device: 'cpu' }));
  }
  return encoders.get(folder);
}

async function eachOf(lines, encode) {
  const encodings = [];
  for (const line of lines)
    encodings.push(await encode(line));
  return encodings;
}

async function duckdb(file, access) {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(file, { access_mode: access });
  return { instance, connection: await instance.connect() };
}

function closeDuckdb({ instance, connection }) {
  connection.closeSync();
  instance.closeSync();
}

async function ask(connection, sql) {
  const reader = await connection.runAndReadAll(sql);
  return reader.getRows().length;
}

function insertResults(connection, runs, metrics) {
  const quoted = metrics.map((metric) => `'${metric}'`).join(', ');
  return connection.run(`INSERT INTO performance_results (test_run_id, metric, sample_count, mean, p50, p90, p95, p99, standard_deviation, ci_low, ci_high, ci_level)
    SELECT i // ${metrics.length} + 1, [${quoted}][i % ${metrics.length} + 1], 1000, v, v, v * 1.1, v * 1.2, v * 1.3, v / 10, v * 0.9, v * 1.1, 0.95
    FROM (SELECT i, random() AS v FROM range(${runs * metrics.length}) r(i))`);
}

const operations = {
  // Results alone.
  async duckdbFillResults({ file, runs, metrics }) {
    const opened = await duckdb(file, 'READ_WRITE');
    try {
      return { milliseconds: (await timed(() => insertResults(opened.connection, runs, metrics))).milliseconds };
    } finally {
      closeDuckdb(opened);
    }
  },
  // Runs and their results, made within the engine and stored in the tables of GPUX.
  async duckdbFill({ file, runs, models, platforms, metrics }) {
    const opened = await duckdb(file, 'READ_WRITE');
    try {
      const { milliseconds } = await timed(async () => {
        await opened.connection.run(`INSERT INTO models (id, name) SELECT i + 1, 'model ' || i FROM range(${models}) r(i)`);
        await opened.connection.run(`INSERT INTO hardware_platforms (id, name, kind) SELECT i + 1, 'platform ' || i, 'gpu' FROM range(${platforms}) r(i)`);
        await opened.connection.run(`INSERT INTO test_runs (id, run_key, content_sha256, model_id, hardware_id, provenance, machine_fingerprint, suite,
            benchmark_version, task_type, scenario, backend, execution_provider, precision_name, batch_size, concurrency, verdict, started_at, duration_seconds)
          SELECT i + 1, 'run ' || i, sha256('run ' || i), i % ${models} + 1, i // ${models} % ${platforms} + 1, 'simulated',
            'machine with platform ' || (i // ${models} % ${platforms}), 'bench/run insights', '1', 'inference', 'closed-loop', 'onnxruntime', 'cuda', 'fp16', 1, 1,
            'valid', TIMESTAMPTZ '2026-01-01 00:00:00Z' + to_seconds(i), 10 FROM range(${runs}) r(i)`);
        await insertResults(opened.connection, runs, metrics);
      });
      return { milliseconds };
    } finally {
      closeDuckdb(opened);
    }
  },
  // Runs and their results, read by the engine from a table as text with a row a run and stored in the tables of GPUX.
  async duckdbImport({ file, table, metrics }) {
    const opened = await duckdb(file, 'READ_WRITE');
    try {
      const { milliseconds } = await timed(async () => {
        await opened.connection.run(`CREATE TEMP TABLE source AS SELECT row_number() OVER () AS id, * FROM read_csv('${table}', header = true)`);
        await opened.connection.run('BEGIN TRANSACTION');
        await opened.connection.run('INSERT INTO models (name) SELECT DISTINCT model FROM source');
        await opened.connection.run('INSERT INTO hardware_platforms (name, kind) SELECT DISTINCT hardware, hardware_kind FROM source');
        await opened.connection.run(`INSERT INTO test_runs (id, run_key, content_sha256, model_id, hardware_id, provenance, machine_fingerprint, suite,
            benchmark_version, task_type, scenario, backend, execution_provider, precision_name, batch_size, concurrency, verdict, started_at, duration_seconds)
          SELECT s.id, run_key, sha256(run_key), m.id, h.id, provenance, machine_fingerprint, suite, benchmark_version, task_type, scenario, backend,
            execution_provider, precision, batch_size, concurrency, verdict, s.started_at, duration
          FROM source s JOIN models m ON m.name = s.model JOIN hardware_platforms h ON h.name = s.hardware`);
        const columns = ['n', 'mean', 'p50', 'p90', 'p95', 'p99', 'stdev', 'ci_low', 'ci_high', 'ci_level'];
        for (const metric of metrics)
          await opened.connection.run(`INSERT INTO performance_results (test_run_id, metric, sample_count, mean, p50, p90, p95, p99, standard_deviation, ci_low, ci_high, ci_level)
            SELECT id, '${metric}', ${columns.map((column) => `"${metric}.${column}"`).join(', ')} FROM source`);
        await opened.connection.run('COMMIT');
      });
      return { milliseconds };
    } finally {
      closeDuckdb(opened);
    }
  },
  // A question to a database that is opened for it, or that stays open.
  async duckdbAsk({ file, sql, keep }) {
    if (keep) {
      databases[file] ??= await duckdb(file, 'READ_ONLY');
      return await timed(() => ask(databases[file].connection, sql));
    }
    return await timed(async () => {
      const opened = await duckdb(file, 'READ_ONLY');
      const rows = await ask(opened.connection, sql);
      closeDuckdb(opened);
      return rows;
    });
  },
  async duckdbClose() {
    for (const file of Object.keys(databases)) {
      closeDuckdb(databases[file]);
      delete databases[file];
    }
    return {};
  },
  // The time from a file to a session that can run.
  async open({ model }) {
    const ort = await runtime();
    const { milliseconds, result } = await timed(() => ort.InferenceSession.create(model));
    await result.release();
    return { milliseconds };
  },
  // One run on 2-D token inputs; the session stays open.
  async run({ model, batch, tokens }) {
    const ort = await runtime();
    if (!sessions.has(model))
      sessions.set(model, await ort.InferenceSession.create(model));
    const session = sessions.get(model);
    const inputs = feeds(ort, session.inputNames, batch, tokens);
    const { milliseconds } = await timed(() => session.run(inputs));
    return { milliseconds };
  },
  // Mean pooling and length 1, in batches that are padded to their longest text.
  async embed({ folder, text, batch, sorted }) {
    const encoder = await encoderOf(folder);
    const lines = fs.readFileSync(text, 'utf8').trimEnd().split('\n');
    const { milliseconds, result } = await timed(async () => {
      const order = lines.map((_, i) => i);
      if (sorted)
        order.sort((a, b) => lines[b].length - lines[a].length);
      const vectors = new Array(lines.length);
      for (let at = 0; at < order.length; at += batch) {
        const places = order.slice(at, at + batch);
        const { data, dims } = await encoder(places.map((i) => lines[i]), { pooling: 'mean', normalize: true });
        places.forEach((place, i) => { vectors[place] = data.subarray(i * dims[1], (i + 1) * dims[1]); });
      }
      return vectors;
    });
    return { milliseconds, first: Array.from(result[0]) };
  },
  async close() {
    for (const session of sessions.values())
      await session.release();
    sessions.clear();
    return {};
  },
  // Every line of a text by itself, or many at once on as many threads as there are; the ids are counted and hashed while the clock stands.
  async tokenize({ engine, folder, text, together }) {
    const tokenizer = await tokenizerOf(engine, folder);
    if (!texts.has(text))
      texts.set(text, fs.readFileSync(text, 'utf8').split('\n'));
    const lines = texts.get(text);
    let [milliseconds, count, hash] = [0, 0, 2166136261];
    for (let from = 0; from < lines.length; from += linesAtOnce) {
      const some = lines.slice(from, from + linesAtOnce);
      const { milliseconds: part, result } = await timed(() => together ? tokenizer.encodeAll(some) : eachOf(some, tokenizer.encode));
      milliseconds += part;
      for (const encoding of result) {
        for (const id of tokenizer.ids(encoding)) {
          count++;
          hash = Math.imul(hash ^ Number(id), 16777619) >>> 0;
        }
      }
    }
    return { milliseconds, count, hash };
  },
  // The time from a tokenizer.json to a tokenizer.
  async load({ folder }) {
    const { Tokenizer } = (await import('tokenizers')).default;
    const { milliseconds } = await timed(() => Tokenizer.fromFile(path.join(folder, 'tokenizer.json')));
    return { milliseconds };
  },
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const reply = await operations[request.operation](request).catch((error) => ({ error: String(error) }));
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
