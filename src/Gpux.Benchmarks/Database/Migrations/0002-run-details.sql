-- A run with the names of what it belongs to: what people list and filter.
CREATE VIEW run_details AS
SELECT r.id, r.run_key, r.provenance, r.provenance_source, r.machine_fingerprint, CAST(r.environment AS VARCHAR) AS environment, r.suite,
    r.benchmark_version, r.task_type, r.scenario, r.backend, r.execution_provider,
    CAST(r.execution_provider_options AS VARCHAR) AS execution_provider_options, r.runtime_version, r.driver_version, r.precision_name, r.batch_size,
    r.input_tokens, r.output_tokens, r.concurrency, r.offered_rate, r.threads, r.seed, r.launch_count, r.verdict,
    CAST(r.verdict_reasons AS VARCHAR) AS verdict_reasons, r.bundle_sha256, r.started_at, r.duration_seconds, v.version_tag,
    m.id AS model_id, m.name AS model_name, m.registry AS model_registry, m.architecture AS model_architecture, m.task AS model_task,
    m.parameter_count, m.size_bytes, CAST(m.metadata AS VARCHAR) AS model_metadata,
    h.id AS hardware_id, h.name AS hardware_name, h.kind AS hardware_kind, h.vendor, h.device, h.device_count, h.memory_bytes,
    h.memory_bytes_per_second, CAST(h.metadata AS VARCHAR) AS hardware_metadata
FROM test_runs r
JOIN models m ON m.id = r.model_id
JOIN hardware_platforms h ON h.id = r.hardware_id
LEFT JOIN test_run_versions l ON l.test_run_id = r.id
LEFT JOIN model_registry_versions v ON v.id = l.version_id;
