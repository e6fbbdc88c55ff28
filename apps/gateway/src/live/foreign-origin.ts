/** Why a page may not follow what happens, and what helps. */
export const FOREIGN_ORIGIN =
  'pages of this origin may not connect; name it in LICET_ALLOWED_ORIGINS of the gateway to let them';
