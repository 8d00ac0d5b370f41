import '../lamppost-incidents/lamppost-incidents.ts'
import './room-page.ts'
