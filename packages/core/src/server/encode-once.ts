/**
 * Wraps an encoder so that a batch which goes to many links is encoded once. The hub hands the same
 * array to every link of a tick that is due the same messages, one link after the other, so
 * remembering the last one is enough.
 */
export function encodeOnce<In extends object, Out>(encode: (batch: In) => Out): (batch: In) => Out {
  let lastBatch: In | undefined;
  let lastEncoding: Out;
  return (batch) => {
    if (batch !== lastBatch) {
      lastEncoding = encode(batch);
      lastBatch = batch;
    }
    return lastEncoding;
  };
}
