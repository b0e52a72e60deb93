CREATE TABLE IF NOT EXISTS llama_bench (
  build_commit TEXT,
  build_number INTEGER,
  model_filename TEXT
);

INSERT INTO llama_bench (build_commit, build_number, cpu_info, gpu_info, backends, model_filename, model_type, model_size, model_n_params, n_batch, n_ubatch, n_threads, type_k, type_v, n_gpu_layers, n_prompt, n_gen, n_depth, test_time, avg_ns, stddev_ns, avg_ts, stddev_ts) VALUES ('d1b2c3a4', '5163', 'Apple M2 Max', '', 'CPU', 'models/it''s (a test), tiny.gguf', 'llama 1B F16', '2000000', '1000000', '2048', '512', '8', 'f16', 'f16', '0', '0', '32', '0', '2025-05-01T01:02:03Z', '500000000', '1000000', '64.000000', '0.125000');
