/** What of a camera's picture is covered, as a schema. */
import { Type } from 'typebox'
import { strict } from '../schema-parts.ts'

const NAME = Type.String({ minLength: 1, maxLength: 120, description: 'What is covered: Windows of 12 Skinnergate' })
const SHARE = Type.Number({ minimum: 0, maximum: 1 })
const COORDINATE = Type.Number({ minimum: -1, maximum: 1 })
const range = (description: string) => Type.Array(COORDINATE, { minItems: 2, maxItems: 2, description })

const POLYGON_MASK = Type.Object(
  {
    name: NAME,
    polygon: Type.Array(Type.Array(SHARE, { minItems: 2, maxItems: 2 }), {
      minItems: 3,
      maxItems: 40,
      description:
        'Its corners in the picture of a camera that stands still: shares of width and height, from the upper left',
    }),
  },
  strict,
)
const BOX_MASK = Type.Object(
  {
    name: NAME,
    box: Type.Object(
      {
        pan: range('From the least to the most, -1 to 1'),
        tilt: range('From the least to the most, -1 to 1'),
        zoom: Type.Optional(
          Type.Number({ minimum: 0, maximum: 1, description: 'Covered from this zoom on; left out: always' }),
        ),
      },
      { ...strict, description: 'Where it lies, in the coordinates of the camera’s head (needs `lens`)' },
    ),
  },
  strict,
)

export const PRIVACY = Type.Array(Type.Union([POLYGON_MASK, BOX_MASK]), {
  minItems: 1,
  maxItems: 40,
  description: 'Covered in every picture that leaves the server; only an export and who gives a reason for it see more',
})

export const LENS = Type.Object(
  {
    pan: Type.Number({ minimum: 1, maximum: 720, description: 'Degrees from -1 to 1 of pan' }),
    tilt: Type.Number({ minimum: 1, maximum: 360, description: 'Degrees from -1 to 1 of tilt' }),
    wide: Type.Number({ minimum: 0.1, maximum: 110, description: 'Degrees that the picture is wide without zoom' }),
    tele: Type.Number({ minimum: 0.1, maximum: 110, description: 'Degrees that it is wide with all of its zoom' }),
    level: Type.Optional(
      Type.Number({ minimum: -1, maximum: 1, description: 'The tilt at which it looks level; 0 when left out' }),
    ),
    flip: Type.Optional(
      Type.Array(Type.Enum(['pan', 'tilt']), {
        uniqueItems: true,
        description: 'Which of them grows the other way: pan to the left, tilt downwards',
      }),
    ),
  },
  { ...strict, description: 'As in the camera’s data sheet: what a privacy mask in its head’s coordinates needs' },
)
