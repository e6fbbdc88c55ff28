import { compactVerify, type JWK_OKP_Public, type JWSHeaderParameters } from 'jose';

/** The text that was signed, where the key that `keyOf` finds for its header has signed the token; else rejects. */
export async function signedPayload(
  token: string,
  keyOf: (header: JWSHeaderParameters) => JWK_OKP_Public,
): Promise<string> {
  const { payload } = await compactVerify(token, keyOf, { algorithms: ['EdDSA'] });
  return new TextDecoder().decode(payload);
}
