// Texts of which agency leads an incident, in English.

export const enLead = {
  'event.lead': 'Lead handed from agency {from} to {to}',
  'help.lead': 'Hand over the lead',
  'lead.choose': 'Choose an agency',
  'lead.do': 'Hand over',
  'lead.done': '#{number} is led by {agency} now',
  'lead.involved': 'involved: {agencies}',
  'lead.led': 'Led by agency {agency}',
  'lead.nobody': 'There is no other agency.',
  'lead.part': 'Your agency led it, or something that was merged into it: it may add notes and speak in its joint rooms.',
  'lead.short': 'Hand over…',
  'lead.text': 'Another agency decides on #{number} {title} from here on. {agency} may then add notes and speak in its joint rooms, and no more.',
  'lead.title': 'Hand over the lead',
  'lead.to': 'Hand over to',
  'lead.why': 'Why?',
  'merge.given': '#{from} is given into #{into}, which agency {agency} goes on leading. Whoever led #{from} may still add notes there.',
};
