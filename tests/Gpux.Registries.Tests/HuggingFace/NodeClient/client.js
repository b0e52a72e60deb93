// Usage: node client.js scan CACHE | node client.js download CACHE HUB ID REVISION
import { scanCacheDir, snapshotDownload } from "@huggingface/hub";

const [verb, cacheDir, hubUrl, repo, revision] = process.argv.slice(2);
console.debug = () => {};
if (verb === "download") {
  console.log(await snapshotDownload({ repo, revision, cacheDir, hubUrl }));
} else {
  const found = await scanCacheDir(cacheDir);
  console.log(JSON.stringify({
    warnings: found.warnings.map(String),
    repos: found.repos.map((repo) => ({
      id: repo.id.name,
      revisions: repo.revisions.map((revision) => ({
        commit: revision.commitOid,
        refs: revision.refs,
        files: revision.files.map((file) => [file.path.split("/").slice(-1)[0], file.blob.size]).sort(),
      })),
    })),
  }));
}
