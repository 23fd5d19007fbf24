// gateway/http/page/xxh64.mjs against values of the reference implementation (python3-xxhash).
import assert from "node:assert/strict";
import test from "node:test";

import { xxh64 } from "../../../gateway/http/page/xxh64.mjs";

const hash = (text) => xxh64(new TextEncoder().encode(text));

test("hashes of all branches of the length", () => {
  assert.equal(hash(""), "ef46db3751d8e999");
  assert.equal(hash("a"), "d24ec4f1a98c6e5b");
  assert.equal(hash("abc"), "44bc2cf5ad770999");
  assert.equal(hash("abcd"), "de0327b0d25d92cc");
  assert.equal(hash("abcdefgh"), "3ad351775b4634b7");
  assert.equal(hash("0123456789abcdefghij"), "45c2c0e1eb35a0b6");
  assert.equal(hash("x".repeat(31)), "60dd0d01083b99f0");
  assert.equal(hash("x".repeat(32)), "e2df261fc2ec30eb");
  assert.equal(hash("xy".repeat(17)), "96ed1150dd6f5b93");
  assert.equal(hash("つらいですね。".repeat(40)), "8127c216e4598b06");
  assert.equal(hash("I hear you. ".repeat(999)), "32ca89af7d272b9d");
});

test("a view into a larger buffer is hashed by itself", () => {
  const bytes = new TextEncoder().encode("..abc..");
  assert.equal(xxh64(bytes.subarray(2, 5)), hash("abc"));
});
