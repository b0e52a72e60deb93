// The whole way from process start to a class, as a user of transformers.js writes it. Usage: node classify.mjs FOLDER TEXT
import path from 'node:path';
import { pipeline, env } from '@huggingface/transformers';

const [folder, text] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = path.dirname(folder);
// The folder is as gpux convert writes it: model.onnx beside config.json, its weights in a file of their own.
const classify = await pipeline('text-classification', path.basename(folder), { subfolder: '', dtype: 'fp32', device: 'cpu' });
console.log(JSON.stringify(await classify(text)));
process.exit(0);
