import { compactVerify, type JWK_OKP_Public } from 'jose';

/** The text that was signed, where this key has signed the token; else rejects. */
export async function signedPayload(token: string, key: JWK_OKP_Public): Promise<string> {
  const { payload } = await compactVerify(token, key, { algorithms: ['EdDSA'] });
  return new TextDecoder().decode(payload);
}
