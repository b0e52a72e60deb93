-- The base of the benchmark database. One text for DuckDB and PostgreSQL.
-- Quantities are in SI base units (seconds, bytes, joules, 1/s); instants are TIMESTAMPTZ.
-- "x >= 0 AND x < infinity" refuses negative numbers, infinities and NaN, which both databases order after infinity.
-- No migration has ALTER TABLE: DuckDB 1.5.5 writes it into its log, and fails to read it there for a table with a CHECK when a process was
-- killed before the log was merged. What is new gets a table of its own, whose rows refer to the old one's.
-- DuckDB replaces a referenced row when a column with an index changes, and refuses if rows refer to it. So the referenced tables
-- keep what changes in columns without an index, and a run is linked to a model version by a row of its own.

CREATE SEQUENCE models_id;
CREATE SEQUENCE hardware_platforms_id;
CREATE SEQUENCE model_registry_versions_id;
CREATE SEQUENCE test_runs_id;
CREATE SEQUENCE hardware_model_compatibility_id;
CREATE SEQUENCE task_recommendations_id;
CREATE SEQUENCE hardware_compatibility_snapshots_id;

CREATE TABLE models (
    id BIGINT PRIMARY KEY DEFAULT nextval('models_id'),
    name VARCHAR NOT NULL UNIQUE CHECK (name <> ''),
    registry VARCHAR,
    architecture VARCHAR,
    task VARCHAR,
    parameter_count BIGINT CHECK (parameter_count >= 0),
    size_bytes BIGINT CHECK (size_bytes >= 0),
    metadata JSON,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE hardware_platforms (
    id BIGINT PRIMARY KEY DEFAULT nextval('hardware_platforms_id'),
    name VARCHAR NOT NULL UNIQUE CHECK (name <> ''),
    kind VARCHAR NOT NULL CHECK (kind IN ('cpu', 'gpu', 'npu', 'tpu', 'other')),
    vendor VARCHAR,
    device VARCHAR,
    device_count BIGINT NOT NULL DEFAULT 1 CHECK (device_count >= 1),
    memory_bytes BIGINT CHECK (memory_bytes >= 0),
    memory_bytes_per_second DOUBLE PRECISION CHECK (
        memory_bytes_per_second >= 0 AND memory_bytes_per_second < CAST('infinity' AS DOUBLE PRECISION)),
    metadata JSON,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- Operations a second, dense; a multiply-add counts as two.
CREATE TABLE hardware_peaks (
    hardware_id BIGINT NOT NULL REFERENCES hardware_platforms (id),
    precision_name VARCHAR NOT NULL CHECK (precision_name <> ''),
    operations_per_second DOUBLE PRECISION NOT NULL CHECK (
        operations_per_second > 0 AND operations_per_second < CAST('infinity' AS DOUBLE PRECISION)),
    source VARCHAR NOT NULL, -- "measured", or where it was published
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (hardware_id, precision_name)
);

CREATE TABLE model_registry_versions (
    id BIGINT PRIMARY KEY DEFAULT nextval('model_registry_versions_id'),
    model_id BIGINT NOT NULL REFERENCES models (id),
    version_tag VARCHAR NOT NULL CHECK (version_tag <> ''),
    version_hash VARCHAR,
    metadata JSON,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (model_id, version_tag)
);

-- A benchmark of one model on one machine in one configuration.
CREATE TABLE test_runs (
    id BIGINT PRIMARY KEY DEFAULT nextval('test_runs_id'),
    run_key VARCHAR NOT NULL UNIQUE CHECK (run_key <> ''), -- a UUID that the measuring machine chose
    content_sha256 VARCHAR, -- of what was run and what was found: another run under the same key is refused
    model_id BIGINT NOT NULL REFERENCES models (id),
    hardware_id BIGINT NOT NULL REFERENCES hardware_platforms (id),
    provenance VARCHAR NOT NULL CHECK (provenance IN ('measured', 'imported', 'simulated')),
    provenance_source VARCHAR, -- of what was imported or simulated: from where, by what
    machine_fingerprint VARCHAR NOT NULL CHECK (machine_fingerprint <> ''),
    environment JSON,
    suite VARCHAR NOT NULL,
    benchmark_version VARCHAR NOT NULL,
    task_type VARCHAR NOT NULL CHECK (task_type IN ('inference', 'training')),
    scenario VARCHAR NOT NULL,
    backend VARCHAR,
    execution_provider VARCHAR,
    execution_provider_options JSON,
    runtime_version VARCHAR,
    driver_version VARCHAR,
    precision_name VARCHAR,
    batch_size BIGINT CHECK (batch_size >= 1),
    input_tokens BIGINT CHECK (input_tokens >= 0),
    output_tokens BIGINT CHECK (output_tokens >= 0),
    concurrency BIGINT CHECK (concurrency >= 1),
    offered_rate DOUBLE PRECISION CHECK (offered_rate >= 0 AND offered_rate < CAST('infinity' AS DOUBLE PRECISION)),
    threads BIGINT CHECK (threads >= 1),
    seed BIGINT,
    launch_count BIGINT NOT NULL DEFAULT 1 CHECK (launch_count >= 1),
    verdict VARCHAR NOT NULL CHECK (verdict IN ('valid', 'unstable', 'invalid')),
    verdict_reasons JSON,
    bundle_sha256 VARCHAR CHECK (length(bundle_sha256) = 64), -- of the file that it was read from, which may hold many
    started_at TIMESTAMPTZ NOT NULL,
    duration_seconds DOUBLE PRECISION NOT NULL CHECK (
        duration_seconds >= 0 AND duration_seconds < CAST('infinity' AS DOUBLE PRECISION)),
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE test_run_versions (
    test_run_id BIGINT PRIMARY KEY REFERENCES test_runs (id),
    version_id BIGINT NOT NULL REFERENCES model_registry_versions (id),
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- The closed vocabulary of what is measured: a metric has one unit, and one direction that is better. The large table below repeats
-- its names in a CHECK: a foreign key would be an index with a few keys of a million rows each, and halve the speed of appending.
CREATE TABLE metrics (
    name VARCHAR PRIMARY KEY,
    unit VARCHAR NOT NULL,
    better VARCHAR NOT NULL CHECK (better IN ('lower', 'higher'))
);

INSERT INTO metrics (name, unit, better) VALUES
    ('latency.e2e', 's', 'lower'),
    ('latency.first_inference', 's', 'lower'),
    ('latency.ttft', 's', 'lower'),
    ('latency.tpot', 's', 'lower'),
    ('load_time', 's', 'lower'),
    ('conversion_time', 's', 'lower'),
    ('throughput.samples', '1/s', 'higher'),
    ('throughput.tokens_in', '1/s', 'higher'),
    ('throughput.tokens_out', '1/s', 'higher'),
    ('goodput', '1/s', 'higher'),
    ('error_rate', '1', 'lower'),
    ('memory.peak_rss', 'B', 'lower'),
    ('memory.peak_device', 'B', 'lower'),
    ('memory.weights', 'B', 'lower'),
    ('memory.cache', 'B', 'lower'),
    ('energy', 'J', 'lower'),
    ('roofline_share', '1', 'higher');

-- A metric of a run. Percentiles that the samples do not support are null.
-- The one table that grows large, whose rows are stored with their run, in one transaction, and deleted with it. So it has one key, and
-- no id of its own nor a foreign key: the two made DuckDB append at half the speed.
CREATE TABLE performance_results (
    test_run_id BIGINT NOT NULL, -- of test_runs
    metric VARCHAR NOT NULL CHECK (metric IN (
        'latency.e2e', 'latency.first_inference', 'latency.ttft', 'latency.tpot', 'load_time', 'conversion_time', 'throughput.samples',
        'throughput.tokens_in', 'throughput.tokens_out', 'goodput', 'error_rate', 'memory.peak_rss', 'memory.peak_device',
        'memory.weights', 'memory.cache', 'energy', 'roofline_share')),
    sample_count BIGINT NOT NULL CHECK (sample_count >= 1),
    mean DOUBLE PRECISION NOT NULL CHECK (mean >= 0 AND mean < CAST('infinity' AS DOUBLE PRECISION)),
    p50 DOUBLE PRECISION CHECK (p50 >= 0 AND p50 < CAST('infinity' AS DOUBLE PRECISION)),
    p90 DOUBLE PRECISION CHECK (p90 >= 0 AND p90 < CAST('infinity' AS DOUBLE PRECISION)),
    p95 DOUBLE PRECISION CHECK (p95 >= 0 AND p95 < CAST('infinity' AS DOUBLE PRECISION)),
    p99 DOUBLE PRECISION CHECK (p99 >= 0 AND p99 < CAST('infinity' AS DOUBLE PRECISION)),
    standard_deviation DOUBLE PRECISION CHECK (
        standard_deviation >= 0 AND standard_deviation < CAST('infinity' AS DOUBLE PRECISION)),
    ci_low DOUBLE PRECISION CHECK (ci_low >= 0 AND ci_low < CAST('infinity' AS DOUBLE PRECISION)),
    ci_high DOUBLE PRECISION CHECK (ci_high >= 0 AND ci_high < CAST('infinity' AS DOUBLE PRECISION)),
    ci_level DOUBLE PRECISION CHECK (ci_level > 0 AND ci_level < 1),
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (metric, test_run_id), -- in this order: in the other, DuckDB's index of it is three times as large, and slower to make
    CHECK (ci_low <= ci_high),
    CHECK (p50 <= p90),
    CHECK (p90 <= p95),
    CHECK (p95 <= p99)
);

-- The raw values of a run, in order, as one file. Stored and deleted with it, as its metrics are: DuckDB refuses to delete a row in the
-- transaction that deleted what a foreign key has refer to it.
CREATE TABLE test_run_samples (
    test_run_id BIGINT PRIMARY KEY, -- of test_runs
    format VARCHAR NOT NULL,
    content BYTEA NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE hardware_model_compatibility (
    id BIGINT PRIMARY KEY DEFAULT nextval('hardware_model_compatibility_id'),
    model_id BIGINT NOT NULL REFERENCES models (id),
    hardware_id BIGINT NOT NULL REFERENCES hardware_platforms (id),
    compatibility_score DOUBLE PRECISION CHECK (compatibility_score >= 0 AND compatibility_score <= 1),
    suitability_score DOUBLE PRECISION CHECK (suitability_score >= 0 AND suitability_score <= 1),
    recommended_batch_size BIGINT CHECK (recommended_batch_size >= 1),
    recommended_precision VARCHAR,
    memory_requirement DOUBLE PRECISION CHECK (
        memory_requirement >= 0 AND memory_requirement < CAST('infinity' AS DOUBLE PRECISION)), -- bytes
    score_version BIGINT,
    score_form VARCHAR, -- arithmetic or geometric
    partial BOOLEAN, -- a component is missing
    run_count BIGINT,
    launch_count BIGINT, -- independent ones: what confidence counts
    confidence DOUBLE PRECISION,
    details JSON, -- weights, components and workloads
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_updated TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    notes TEXT,
    UNIQUE (model_id, hardware_id)
);

CREATE TABLE task_recommendations (
    id BIGINT PRIMARY KEY DEFAULT nextval('task_recommendations_id'),
    task_type VARCHAR NOT NULL CHECK (task_type <> ''),
    model_id BIGINT NOT NULL REFERENCES models (id),
    hardware_id BIGINT NOT NULL REFERENCES hardware_platforms (id),
    suitability_score DOUBLE PRECISION CHECK (suitability_score >= 0 AND suitability_score <= 1),
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_updated TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    UNIQUE (task_type, model_id, hardware_id)
);

-- What was known of a version and a machine at a moment. A later snapshot of the same pair is another row.
CREATE TABLE hardware_compatibility_snapshots (
    id BIGINT PRIMARY KEY DEFAULT nextval('hardware_compatibility_snapshots_id'),
    model_id BIGINT NOT NULL REFERENCES models (id),
    version_id BIGINT NOT NULL REFERENCES model_registry_versions (id),
    hardware_id BIGINT NOT NULL REFERENCES hardware_platforms (id),
    compatibility_score DOUBLE PRECISION CHECK (compatibility_score >= 0 AND compatibility_score <= 1),
    suitability_score DOUBLE PRECISION CHECK (suitability_score >= 0 AND suitability_score <= 1),
    recommended_batch_size BIGINT CHECK (recommended_batch_size >= 1),
    recommended_precision VARCHAR,
    memory_requirement DOUBLE PRECISION CHECK (
        memory_requirement >= 0 AND memory_requirement < CAST('infinity' AS DOUBLE PRECISION)), -- bytes
    snapshot_number BIGINT, -- those of one moment share it; from 1 for each version
    score_version BIGINT,
    score_form VARCHAR,
    partial BOOLEAN,
    run_count BIGINT,
    launch_count BIGINT,
    confidence DOUBLE PRECISION,
    hardware_sha256 VARCHAR, -- of what was known of the hardware
    details JSON,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);
