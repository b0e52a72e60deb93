-- A metric of a run of which percentiles are known, and no mean: as MLPerf gives latencies. It lies beside the table of those with a mean,
-- whose rule that there is one stays: to change it would write ten million rows anew.
CREATE TABLE percentile_results (
    test_run_id BIGINT NOT NULL, -- of test_runs; a run has a metric here or in performance_results
    metric VARCHAR NOT NULL CHECK (metric IN (
        'latency.e2e', 'latency.first_inference', 'latency.ttft', 'latency.tpot', 'load_time', 'conversion_time', 'throughput.samples',
        'throughput.tokens_in', 'throughput.tokens_out', 'goodput', 'error_rate', 'memory.peak_rss', 'memory.peak_device',
        'memory.weights', 'memory.cache', 'energy', 'roofline_share')),
    sample_count BIGINT NOT NULL CHECK (sample_count >= 1),
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
    UNIQUE (metric, test_run_id),
    CHECK (coalesce(p50, p90, p95, p99) IS NOT NULL),
    CHECK (ci_low <= ci_high),
    CHECK (p50 <= p90),
    CHECK (p90 <= p95),
    CHECK (p95 <= p99)
);

-- Every metric of every run; the mean is null where it is not known.
CREATE VIEW metric_results AS
SELECT test_run_id, metric, sample_count, mean, p50, p90, p95, p99, standard_deviation, ci_low, ci_high, ci_level
FROM performance_results
UNION ALL
SELECT test_run_id, metric, sample_count, CAST(NULL AS DOUBLE PRECISION), p50, p90, p95, p99, standard_deviation, ci_low, ci_high, ci_level
FROM percentile_results;
