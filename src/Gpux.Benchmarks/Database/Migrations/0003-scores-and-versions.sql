-- What snapshots were made of; versions have links and movable aliases; a precision has its proof.

-- What a snapshot was made of. It keeps the numbers: a run may be deleted later, so that it is not referred to.
CREATE TABLE hardware_compatibility_snapshot_runs (
    snapshot_id BIGINT NOT NULL REFERENCES hardware_compatibility_snapshots (id),
    test_run_id BIGINT NOT NULL,
    run_key VARCHAR NOT NULL,
    task_type VARCHAR NOT NULL,
    scenario VARCHAR NOT NULL,
    precision_name VARCHAR,
    batch_size BIGINT,
    input_tokens BIGINT,
    output_tokens BIGINT,
    concurrency BIGINT,
    offered_rate DOUBLE PRECISION,
    backend VARCHAR,
    runtime_version VARCHAR,
    execution_provider VARCHAR,
    driver_version VARCHAR,
    threads BIGINT,
    suite VARCHAR NOT NULL,
    benchmark_version VARCHAR NOT NULL,
    machine_fingerprint VARCHAR NOT NULL,
    launch_count BIGINT NOT NULL CHECK (launch_count >= 1),
    latency_e2e DOUBLE PRECISION,
    latency_ttft DOUBLE PRECISION,
    latency_tpot DOUBLE PRECISION,
    throughput_samples DOUBLE PRECISION,
    throughput_tokens_in DOUBLE PRECISION,
    throughput_tokens_out DOUBLE PRECISION,
    memory_peak_rss DOUBLE PRECISION,
    memory_peak_device DOUBLE PRECISION,
    launch_latencies VARCHAR, -- a JSON array: the median of each launch, in seconds; null where only the run's is known
    PRIMARY KEY (snapshot_id, test_run_id)
);

-- Where a version comes from: a commit of the Hub or of Git, a version of an MLflow registry.
CREATE TABLE model_version_links (
    version_id BIGINT NOT NULL REFERENCES model_registry_versions (id),
    reference VARCHAR NOT NULL CHECK (reference <> ''), -- as it is written to pull it
    registry VARCHAR NOT NULL,
    revision VARCHAR NOT NULL,
    url VARCHAR, -- for people; null where the registry has no pages
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (version_id, reference)
);

CREATE SEQUENCE model_alias_moves_id;

-- An alias means the version of its last row; null: none any more. Rows are only added.
CREATE TABLE model_alias_moves (
    id BIGINT PRIMARY KEY DEFAULT nextval('model_alias_moves_id'),
    model_id BIGINT NOT NULL REFERENCES models (id),
    alias VARCHAR NOT NULL CHECK (alias <> ''),
    version_id BIGINT REFERENCES model_registry_versions (id),
    reason VARCHAR,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- What a precision costs in accuracy, as it was measured last.
CREATE TABLE precision_proofs (
    model_id BIGINT NOT NULL REFERENCES models (id),
    precision_name VARCHAR NOT NULL CHECK (precision_name <> ''),
    cosine DOUBLE PRECISION NOT NULL CHECK (cosine >= -1 AND cosine <= 1),
    within_bound BOOLEAN NOT NULL,
    proof JSON,
    created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (model_id, precision_name)
);
