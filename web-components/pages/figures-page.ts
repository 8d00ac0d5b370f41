import '../lamppost-figures/lamppost-figures.ts'
import './room-page.ts'
