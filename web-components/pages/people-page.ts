import { place } from '../page-parts/enter.ts'

await place('lamppost-people', 'supervisor')
