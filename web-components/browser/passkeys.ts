/** Passkeys of this browser (WebAuthn level 3). They belong to a name with TLS: not to an address of numbers. */

const isNumbers = (host: string): boolean => /^[\d.]+$/.test(host) || host.startsWith('[')
export const passkeysWork = (): boolean =>
  window.isSecureContext &&
  'PublicKeyCredential' in window &&
  'parseRequestOptionsFromJSON' in PublicKeyCredential &&
  !isNumbers(location.hostname)

/** Some browsers say null for what they leave out. */
const plain = (credential: Credential | null): object | null =>
  credential instanceof PublicKeyCredential
    ? (JSON.parse(JSON.stringify(credential), (_, value: unknown) => value ?? undefined) as object)
    : null
/** @throws what is no choice of the person */
function declined(error: unknown): null {
  if (error instanceof DOMException && ['NotAllowedError', 'AbortError'].includes(error.name)) return null
  throw error
}

/** Null: the person would rather not, or took too long. @param options as the server gave them */
export const usePasskey = (options: object): Promise<object | null> =>
  navigator.credentials
    .get({
      publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options as PublicKeyCredentialRequestOptionsJSON),
    })
    .then(plain, declined)

/** Null: the person would rather not, or took too long. @throws InvalidStateError: there is one of this account already */
export const makePasskey = (options: object): Promise<object | null> =>
  navigator.credentials
    .create({
      publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options as PublicKeyCredentialCreationOptionsJSON),
    })
    .then(plain, declined)
