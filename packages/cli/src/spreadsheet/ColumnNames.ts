/**
 * The names that people and programs give to the columns of a list of attendees, in several languages, each with the field that
 * it stands for. To add a spelling, add it to the table.
 *
 * Names are compared without case, accents, blanks and punctuation, and without what stands in brackets: "E-Mail *",
 * "e_mail" and "EMAIL (private)" are one name.
 */

/**
 * The fields of a row. `first` and `last` are the parts of a name; `state` and `registration` are for rows of an export.
 */
export type Field = "email" | "id" | "name" | "first" | "last" | "notes" | "registeredAt" | "state" | "registration"

const SPELLINGS: Readonly<Record<Field, string>> = {
  email: `
    email, email address, mail, mail address, attendee, attendee email, your email, email id, contact email,
    E-Mail-Adresse, Mailadresse, Email-Adresse, E-Mail-Anschrift, E-Mail des Teilnehmers, E-Mail Teilnehmer,
    courriel, adresse courriel, adresse e-mail, adresse mail, adresse électronique, adresse de messagerie, mél, email du participant,
    correo, correo electrónico, dirección de correo, dirección de correo electrónico, dirección email, correo del asistente,
    indirizzo email, indirizzo mail, indirizzo e-mail, posta elettronica, indirizzo di posta elettronica,
    endereço de email, endereço de e-mail, endereço eletrônico, correio eletrónico, correio eletrônico,
    e-mailadres, mailadres, e-postadress, e-post, e-postadresse, e-mailadresse, sähköposti, sähköpostiosoite,
    adres e-mail, adres email, poczta elektroniczna, e-mailová adresa, emailová adresa, e-posta, e-posta adresi,
    электронная почта, адрес электронной почты, эл. почта, почта, メールアドレス, メール, 电子邮件, 电子邮箱, 邮箱, 이메일`,
  id: `id, attendee id, participant id, person id, member id, membership number, member number, customer id, customer number,
    Teilnehmer-ID, Mitgliedsnummer, Mitglieds-Nr., Kundennummer, Personalnummer, numéro de membre, número de socio`,
  name: `
    name, full name, attendee name, participant name, participant, your name, guest, guest name, display name,
    first and last name, name and surname, ticket holder, ticket holder name, contact name,
    Vollständiger Name, Vor- und Nachname, Vorname und Nachname, Vor- und Zuname, Vorname Nachname, Name des Teilnehmers, Teilnehmer,
    Teilnehmerin, Teilnehmername, Teilnehmende, Gast, Ihr Name,
    nom complet, nom et prénom, prénom et nom, nom prénom, nom du participant, participante, nom,
    nombre completo, nombre y apellidos, nombre y apellido, nombre del asistente, asistente,
    nome completo, nome e cognome, cognome e nome, nominativo, nome e sobrenome, partecipante,
    naam, volledige naam, namn, fullständigt namn, navn, fulde navn, fullt navn, nimi, koko nimi,
    imię i nazwisko, jméno a příjmení, ad soyad, имя и фамилия, фио, 氏名, お名前, 名前, 姓名, 이름`,
  first: `first name, firstname, given name, given names, forename, attendee first name, ticket holder first name,
    Vorname, Vornamen, Rufname, prénom, prénoms, nombre, nombres, nome, primeiro nome, voornaam, förnamn, fornavn, etunimi,
    imię, jméno, ad, имя, 名`,
  last: `last name, lastname, surname, family name, attendee last name, attendee surname, ticket holder last name,
    Nachname, Familienname, Zuname, nom de famille, apellido, apellidos, cognome, sobrenome, apelido, último nome,
    achternaam, efternamn, efternavn, etternavn, sukunimi, nazwisko, příjmení, soyad, фамилия, 姓`,
  notes: `notes, note, remark, remarks, comment, comments, additional comments, additional notes, message,
    Bemerkung, Bemerkungen, Anmerkung, Anmerkungen, Notiz, Notizen, Hinweis, Hinweise, Kommentar, Kommentare, Mitteilung,
    remarque, remarques, commentaire, commentaires, observaciones, observación, comentario, comentarios, notas, nota,
    osservazioni, commenti, observações, opmerking, opmerkingen, kommentarer, uwagi, poznámka, poznámky, примечание, комментарий,
    備考, 备注, 비고`,
  registeredAt: `registered at, registered on, registered, registration date, registration time, date registered, date of registration,
    timestamp, submitted at, submission date, submission time, completion time, signed up at, sign-up date, signup date, order date,
    Zeitstempel, Anmeldedatum, Anmeldezeitpunkt, angemeldet am, Datum der Anmeldung, registriert am, Registrierungsdatum,
    Bestelldatum, Fertigstellungszeit,
    horodateur, date d'inscription, date inscription, inscrit le, heure de fin,
    marca temporal, fecha de registro, fecha de inscripción, fecha de alta, hora de finalización,
    informazioni cronologiche, data di registrazione, data di iscrizione, ora di completamento,
    carimbo de data/hora, data de inscrição, data de registo, tijdstempel, registratiedatum, inschrijfdatum,
    tidsstämpel, tidsstempel, sygnatura czasowa, отметка времени, タイムスタンプ`,
  state: `state, status, registration state, registration status, attendee status, attendance status, order status,
    Zustand, Anmeldestatus, Bestellstatus, statut, estado, stato`,
  registration: `registration id`
}

/** Columns of an export that an import does not need. It passes over them without a word. */
const PASSED_OVER = ["position", "changed at"]

/** Columns that answers of a form have beside a number of their own, which is no id of a person. */
const OF_ANSWERS = [
  "start time",
  "completion time",
  "Startzeit",
  "Fertigstellungszeit",
  "heure de début",
  "hora de inicio"
]

/** The form under which names are compared. */
export const folded = (name: string): string =>
  name
    .replaceAll(/[([{].*?[)\]}]/g, " ")
    .replaceAll("#", " number")
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll("ß", "ss")
    .replaceAll(/[^\p{L}\p{N}]/gu, "")

const fields: ReadonlyMap<string, Field> = new Map(
  Object.entries(SPELLINGS).flatMap(([field, names]) =>
    names.split(",").map((name) => [folded(name), field as Field] as const)
  )
)

const passedOver = new Set(PASSED_OVER.map(folded))
const ofAnswers = new Set(OF_ANSWERS.map(folded))

/** The field that a name stands for, if it stands for one. */
export const fieldOf = (name: string): Field | undefined => fields.get(folded(name))

export const isPassedOver = (name: string): boolean => passedOver.has(folded(name))

/** Tells whether the rows are answers of a form, by the names of their columns. */
export const areAnswers = (names: ReadonlyArray<string>): boolean => names.some((name) => ofAnswers.has(folded(name)))
