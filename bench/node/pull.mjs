// Usage: node pull.mjs CACHE HUB: fetches bench/pull into the Hub's cache layout with the Hub's own client.
import { snapshotDownload } from '@huggingface/hub';

const [cacheDir, hubUrl] = process.argv.slice(2);
console.debug = () => {};
console.log(await snapshotDownload({ repo: 'bench/pull', revision: 'main', cacheDir, hubUrl }));
