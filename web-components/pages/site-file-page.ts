import '../lamppost-site-file/lamppost-site-file.ts'
import './room-page.ts'
