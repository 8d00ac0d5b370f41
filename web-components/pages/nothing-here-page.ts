import { speak } from '../page-parts/page-language.ts'

speak(true)
