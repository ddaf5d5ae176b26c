/**
 * What tables and columns are called in English, Dutch, German and French: lower case, without accents, written
 * together. Plurals in -s need no line of their own.
 */

/** What a column of a human may hold. */
export type Concept = keyof typeof COLUMN_WORDS;

/** Tables of those who handle calls; the second list names other things as well. */
export const OPERATOR_WORDS = {
  sure: words(`
    operator agent technician staff staffmember handler supporter supportagent engineer analyst solver dispatcher
    servicedeskagent helpdeskagent processor
    actiedoor behandelaar behandelaars oplosser servicedeskmedewerker
    bearbeiter sachbearbeiter techniker betreuer
    technicien operateur gestionnaire intervenant agentsupport`),
  unsure: words(`
    user account admin administrator login principal systemuser appuser privuser backenduser employee member worker
    specialist
    gebruiker medewerker benutzer mitarbeiter utilisateur compte employe`),
};

/** Tables of those who ask. */
export const PERSON_WORDS = {
  sure: words(`
    person people contact contactperson customer customeruser requester requestor enduser caller employee client
    individual human resident citizen patient student visitor party personcard
    persoon personen persoonskaart contactpersoon klant klanten aanmelder melder beller eindgebruiker werknemer
    personal kunde kunden ansprechpartner kontakt anwender melder endbenutzer anforderer
    personne contacts demandeur usager salarie appelant beneficiaire`),
  unsure: words(`
    user member account colleague profile identity worker
    gebruiker medewerker collega lid
    benutzer mitarbeiter mitglied
    utilisateur employe membre adherent`),
};

/** A table with one of these in its name is about a human and holds none, whatever else the name says. */
export const ACCESSORY_WORDS = words(`
  email mail address phone telephone role group team permission right privilege log history audit event session
  token preference pref setting option config configuration attribute property field value type status state
  category tag label note comment remark attachment document file image photo avatar picture skill queue
  ticket incident call request case task change problem article message notification watcher subscription
  favorite favourite bookmark filter view map mapping link relation rel assignment membership schedule calendar
  absence availability contract licence license asset location department branch company organization
  organisation org site key password reset device visit loan entry item list data import export backup archive
  archived old tmp temp stat statistic counter sequence lock queue job tree path closure
  groep rol recht rechten logboek geschiedenis instelling bericht bestand melding taak afdeling vestiging adres
  gruppe rolle rechte protokoll einstellung nachricht datei aufgabe abteilung standort adresse
  groupe droit journal historique preference message fichier tache service adresse parametre`);

/** Tables of calls: what they refer to as caller is a person, and as handler an operator. */
export const CALL_WORDS = words(`
  ticket incident call case request issue servicerequest workorder task melding wijziging vorfall anfrage
  auftrag demande intervention appel`);

/** Columns of a call that hold who asked. */
export const ASKER_WORDS = words(`
  caller requester requestor reporter customer contact person client submitter complainant enduser visitor
  author attendee participant watcher follower manager approver beneficiary subject borrower recipient
  aanmelder melder klant persoon contactpersoon beller aanvrager bezoeker auteur leidinggevende goedkeurder
  melder kunde ansprechpartner anforderer besucher antragsteller vorgesetzter
  demandeur usager appelant personne beneficiaire auteur visiteur valideur`);

/** Columns that hold who is above, and never the same human. */
export const OTHER_HUMAN_WORDS = words(`
  manager supervisor boss chief lead parent deputy substitute assistant creator modifier createdby updatedby
  changedby modifiedby owner approver backup delegate referrer
  leidinggevende manager plaatsvervanger aanmaker wijziger vorgesetzter stellvertreter ersteller chef responsable
  suppleant createur`);

export const COLUMN_WORDS = {
  email: words(`
    email mail emailaddress mailaddress address smtp smtpaddress primarysmtp emailadress electronicmail
    emailadres mailadres epost mailadresse emailadresse courriel adressemail adressecourriel adresseelectronique`),
  login: words(`
    login loginname username userid uid account accountname logonname logon signin signinname nick nickname handle
    screenname portalname portallogin ssplogin ssploginname weblogin
    inlognaam loginnaam gebruikersnaam accountnaam tasloginnaam
    benutzername anmeldename benutzerkennung kennung anmeldekennung
    identifiant nomutilisateur nomdutilisateur pseudo loginutilisateur`),
  networkLogin: words(`
    networklogin networkloginname networkuser networkname samaccountname samaccount adaccount adlogin aduser adname
    windowslogin windowsuser windowsaccount ntlogin ntaccount ntuser domainlogin domainaccount domainuser upn
    userprincipalname ldap ldapuid ldaplogin directoryid directorylogin directoryname ssoid
    netwerklogin netwerkloginnaam netwerknaam loginnaamnetwerk
    netzwerkkennung netzwerkanmeldung netzwerkname windowskennung
    loginreseau comptereseau identifiantreseau comptewindows`),
  mainframeLogin: words(`
    mainframelogin mainframeloginname mainframeuser mainframeid racf racfid hostlogin hostuser hostid tsoid
    mainframeloginnaam mainframenaam loginnaammainframe hostkennung grossrechnerkennung loginmainframe`),
  employeeNumber: words(`
    employeenumber employeeno employeeid employeenr employeecode employeeref personnelnumber personnelno
    personnelid personnelnr staffnumber staffno staffid staffcode workernumber workerid payrollnumber payrollid
    payrollno hrid hrnumber hrno badgenumber badgeno badgeid pernr empno empid empnr empnumber
    administrativenumber registrationnumber matriculenumber
    personeelsnummer personeelsnr medewerkernummer werknemersnummer stamnummer
    personalnummer personalnr mitarbeiternummer mitarbeiternr stammnummer
    matricule numeroemploye numeromatricule numeroagent nummatricule codeemploye`),
  externalId: words(`
    externalid externalref externalreference externalkey externalnumber extid sourceid foreignid importid importkey
    globalid objectguid guid externenummer externeid externekennung fremdschluessel identifiantexterne refexterne`),
  phone: words(`
    phone telephone tel phonenumber telephonenumber telno telnr phoneno phonenr telefonnr telefoon telefoonnummer tel telefon
    telefonnummer rufnummer durchwahl numerotelephone numtelephone workphone extension`),
  mobile: words(`
    mobile mobilephone mobilenumber mobileno cell cellphone gsm cellular mobiel mobielnummer handy handynummer
    mobiltelefon mobilfunk portable telephoneportable telportable`),
  firstName: words(`
    firstname givenname forename fname first given voornaam roepnaam vorname prenom rufname`),
  lastName: words(`
    lastname surname familyname lname sname sn last family achternaam nachname familienname zuname nomfamille
    nomdefamille nom`),
  fullName: words(`
    name fullname displayname realname commonname cn naam volledigenaam weergavenaam anzeigename
    vollername nomcomplet nomaffiche label display caption dynanaam`),
  archived: words(`
    archived isarchived inactive isinactive disabled isdisabled deactivated deleted isdeleted removed blocked
    isblocked obsolete retired closed terminated locked suspended archivedat deletedat removedat disabledat
    deactivatedat blockedat retiredat terminatedat archivedon deletedon disabledon deactivatedon blockedon terminatedon
    retiredon disabledsince inactivesince archivedsince leftat lefton endedat endedon leavingdate enddate expired archivedate
    gearchiveerd inactief verwijderd geblokkeerd uitdienst vervallen uitdienstdatum
    archiviert inaktiv geloescht geloscht gesperrt deaktiviert ausgeschieden
    archive inactif supprime desactive bloque`),
  active: words(`
    active isactive enabled isenabled valid isvalid validid current live employed
    actief geldig indienst aktiv gueltig gultig freigegeben actif valide encours`),
  status: words(`
    status state accountstatus userstatus statusid stateid staat zustand statut etat lifecycle`),
  anonymized: words(`
    anonymized isanonymized anonymised anonymous isanonymous anonymizedat erased iserased erasedat gdprerased
    scrubbed forgotten redacted pseudonymized purged
    geanonimiseerd anoniem anonymisiert anonym anonymise anonyme efface`),
  apiAccount: words(`
    api isapi apiaccount apiuser isapiuser isapiaccount serviceaccount isserviceaccount isservice technical
    istechnical technicaluser technicalaccount systemaccount systemuser issystem isbot bot robot isrobot integration
    isintegration machine ismachine automated isautomated nonhuman apionly webservice
    technischaccount systeemaccount koppeling technischerbenutzer dienstkonto systemkonto comptetechnique
    compteservice comptedeservice`),
  group: words(`
    isgroup isteam isqueue istemplate template isrole group team isvirtual
    groep isgroep sjabloon gruppe istgruppe vorlage groupe estgroupe modele`),
  excluded: words(`
    demo isdemo demoaccount demouser test istest testaccount testuser trial dummy isdummy training istraining sandbox
    proefaccount testkonto comptetest comptedemo`),
  kind: words(`
    kind type usertype accounttype operatortype agenttype persontype category class role userrole soort type
    gebruikerssoort art typ benutzertyp kategorie klasse genre categorie classe typecompte`),
  lastLogin: words(`
    lastlogin lastloginat lastlogindate lastlogintime lastlogon lastlogonat lastseen lastseenat lastactive
    lastactiveat lastactivity lastactivityat lastaccess lastaccessat lastsignin lastsigninat currentsigninat
    lastvisit lastvisitat lastconnection loggedinat
    laatstelogin laatstingelogd laatsteaanmelding laatstgezien letzteanmeldung letzterlogin zuletztgesehen
    zuletztangemeldet derniereconnexion dernierlogin dernieracces`),
  licence: words(`
    licence license licencetype licensetype licencekind licensekind licencename licensename licencelevel licenselevel
    licentie licentietype licentiesoort lizenz lizenztyp lizenzart typelicence typedelicence`),
  changedAt: words(`
    updatedat updatedon updated updatetime updatedate updatedby changedat changed changetime changedate changedby
    changeby modifiedat modifiedon modified modifiedby modifiedtime modifieddate modificationdate lastmodified
    lastmodifiedat lastmodifieddate lastupdated lastupdatedat lastupdate lastupdatedby lastchange lastchanged mtime
    datemod datmod tstamp rowversion
    gewijzigd gewijzigdop wijzigingsdatum datwijzig uidwijzig gewijzigddoor geaendert geaendertam aenderungsdatum
    geandertam modifiele datemodification datemaj majle`),
  createdAt: words(`
    createdat createdon created createtime createdate createdby createby creationdate creationtime dateadded dateadd
    insertedat registeredat datecreation datecreated datetimecreated ctime
    aangemaakt aangemaaktop aanmaakdatum dataanmk uidaanmk erstelltam erstellt anlagedatum creele datecreate`),
  ssp: words(`
    ssp sspaccess web online portal portalaccess hasportal portalenabled portaluser isportaluser hasportalaccess webaccess
    selfservice selfserviceaccess selfserviceenabled canlogin maylogin loginenabled allowlogin loginallowed
    customerportal sspallowed accessportal portalallowed mayuseportal
    portaltoegang zelfbediening sspToegang magaanmelden portalzugang selbstbedienung accesportail portailacces
    libreservice portail`),
  caller: words(`
    caller iscaller selectableascaller callerselectable cancall maycall canbecaller maybecaller callerallowed
    allowedascaller ascaller canreport mayreport canrequest mayrequest isrequester selectable isselectable
    canopenticket canopentickets mayopentickets cansubmit allowtickets bookable pickable visible isvisible
    aanmelder isaanmelder kanmelden magmelden selecteerbaar zichtbaaralsaanmelder
    anrufer istanrufer meldeberechtigt auswaehlbar darfmelden
    appelant estappelant demandeur estdemandeur peutappeler selectionnable`),
  primary: words(`
    primary isprimary main ismain default isdefault preferred ispreferred hoofd isprimair standaard voorkeur
    haupt ishaupt standard bevorzugt principal estprincipal defaut pardefaut`),
} as const;

/** What codes and texts in a column say of their row. */
export const VALUE_WORDS = {
  human: words(`
    operator agent person human user employee staff technician normal standard regular default internal individual
    named handler analyst admin administrator manager supervisor
    medewerker persoon gebruiker behandelaar mitarbeiter benutzer bearbeiter techniker personne utilisateur
    technicien employe`),
  api: words(`
    api apiuser apiaccount service serviceaccount system systemuser technical bot robot integration machine svc
    automation interface daemon webservice connector sync
    technisch systeem koppeling dienst schnittstelle technique systeme robot`),
  group: words(`
    group team queue template role department virtual pool mailbox shared
    groep afdeling sjabloon gruppe abteilung vorlage groupe equipe modele`),
  excluded: words(`demo test training trial dummy sandbox example sample proef schulung essai formation`),
  live: words(`
    active enabled live current valid open employed present normal ok on confirmed approved operational working
    inservice
    actief geldig indienst aktiv gueltig actif valide encours production`),
  archived: words(`
    archived archive inactive disabled deleted removed blocked closed left gone terminated retired former obsolete
    invalid locked suspended off expired departed exemployee
    gearchiveerd inactief verwijderd uitdienst geblokkeerd vertrokken
    archiviert inaktiv geloescht gesperrt ausgeschieden ungueltig
    archive inactif supprime parti bloque`),
  anonymized: words(`
    anon anonymized anonymised anonymous erased forgotten scrubbed redacted purged
    geanonimiseerd anoniem anonymisiert anonym anonymise anonyme efface`),
  yes: words(`y yes true t on j ja o oui w wahr x`),
  no: words(`n no false f off nee nein non`),
} as const;

/** Words that turn a flag around: `not_selectable`, `hide_from_callers`, `no_portal`. */
export const NEGATIONS = words(`
  not no non hide hidden deny denied forbidden blocked disabled exclude excluded never without
  niet geen verborgen nicht kein gesperrt versteckt pas sans masque interdit`);

/** Tables whose row means that a person may log in to the portal. */
export const ACCESS_WORDS = words(`
  portal account login credential access ssp selfservice portaluser portalaccount webuser webaccount useraccount
  toegang inlog zugang konto acces compte connexion`);

/** Columns that tell a polymorphic child table whose row it is. */
export const OWNER_TYPE_WORDS = words(`
  ownertype type objecttype entitytype parenttype itemtype class objectclass linktype ownerkind kind soort typ
  objecttyp typeobjet`);

/** Columns that name what the value beside them is. */
export const NAME_OF_VALUE_WORDS = words(`
  key name preferenceskey preferencekey prefkey settingkey setting attribute attributename property propertyname
  option optionname field fieldname code param parameter item kind type label what
  sleutel naam eigenschap schluessel eigenschaftsname cle nom attribut propriete`);

export const VALUE_COLUMN_WORDS = words(`
  value preferencesvalue preferencevalue prefvalue settingvalue attributevalue propertyvalue optionvalue fieldvalue
  data content val text waarde wert inhalt valeur contenu`);

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/).filter((word) => word !== ''));
}
