import { found } from './element.ts'
import { Film } from './film.ts'
import { parseRecording } from './recording-text.ts'

/** Recordings that are opened, or dropped anywhere on the page. `onProblem`: why one cannot be shown, in words. */
export function acceptRecordings(onFilm: (film: Film) => void, onProblem: (problem: string) => void): void {
  const input = found('#open-recording', HTMLInputElement)
  const { classList } = document.documentElement
  const open = async (file: File | undefined) => {
    if (!file) return
    try {
      const { call, lines } = parseRecording(await file.text())
      onFilm(new Film({ watched: call.id, call, lines, isOver: true, file: file.name }))
    } catch (problem) {
      onProblem(`${file.name}: ${problem instanceof Error ? problem.message : String(problem)}`)
    }
  }
  input.addEventListener('change', () => {
    void open(input.files?.[0])
    // The same file may be chosen again.
    input.value = ''
  })
  document.addEventListener('dragover', (event) => {
    event.preventDefault()
    classList.add('dropping')
  })
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) classList.remove('dropping')
  })
  document.addEventListener('drop', (event) => {
    event.preventDefault()
    classList.remove('dropping')
    void open(event.dataTransfer?.files[0])
  })
}
